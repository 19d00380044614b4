import { execa } from 'execa';

/** A template that prints its help takes no time; one that does not know --help may do anything. */
const TIMEOUT_MS = 10_000;

/** What `TEMPLATE --help` prints; undefined when it prints nothing. */
export async function templateHelp(template: string): Promise<string | undefined> {
  const { stdout, stderr } = await execa(template, ['--help'], {
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
    cwd: '/',
  });
  // Some of LXC's templates print it on stderr, or exit with 1.
  const text = (stdout ?? '').trim() || (stderr ?? '').trim();
  return text || undefined;
}
