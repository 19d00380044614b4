import { execa } from 'execa';

/** A program and its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** umask of every template. LXC's templates rely on it. */
const UMASK = '022';

/**
 * New mount and process namespaces. When the first process of a process namespace ends, the kernel
 * kills all others in it.
 */
const ISOLATION = ['--mount', '--pid', '--fork', '--mount-proc'];

/**
 * The command line for a template that must leave no process behind.
 *
 * As root, the template runs in a process namespace: when the first process of that namespace ends
 * or is killed, the kernel kills all others, including daemons that a tool left behind. setpriv
 * ties the first process to the caller, so that not even `kill -9` leaves a template running. The
 * mount namespace keeps the template's mounts off the host. The shell in between makes the template
 * an ordinary process (the first process of a namespace ignores signals without a handler) and sets
 * the umask, which is per process.
 *
 * Without permission for namespaces, the template at least ends with its caller.
 */
export async function templateCommand(template: string, args: readonly string[]): Promise<Command> {
  const isolated = await canRun('unshare', [...ISOLATION, 'true']);
  const shell = isolated
    ? ['sh', '-c', `umask ${UMASK}; "$@"; exit $?`, 'sh', template, ...args]
    : ['sh', '-c', `umask ${UMASK}; exec "$@"`, 'sh', template, ...args];
  const inner = isolated ? ['unshare', ...ISOLATION, '--kill-child', '--', ...shell] : shell;
  const tied = (await canRun('setpriv', ['--pdeathsig', 'KILL', '--', 'true']))
    ? ['setpriv', '--pdeathsig', 'KILL', '--', ...inner]
    : inner;
  const [file, ...rest] = tied;
  return { file: file!, args: rest };
}

async function canRun(file: string, args: readonly string[]): Promise<boolean> {
  const result = await execa(file, args, { reject: false, stdio: 'ignore' });
  return result.exitCode === 0;
}
