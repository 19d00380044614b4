import { execa } from 'execa';

/** Printing the help is quick; a template that does not know --help may do anything. */
const TIMEOUT_MS = 10_000;

/** Output of `TEMPLATE --help`; undefined if there is none. */
export async function templateHelp(template: string): Promise<string | undefined> {
  const { stdout, stderr } = await execa(template, ['--help'], {
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
    cwd: '/',
  });
  // Some of LXC's templates print the help on stderr, or exit with 1.
  const text = (stdout ?? '').trim() || (stderr ?? '').trim();
  return text || undefined;
}
