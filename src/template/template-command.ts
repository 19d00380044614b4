import { execa } from 'execa';

/** How a template is started: a program and its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** umask of every template; LXC's templates rely on it. */
const UMASK = '022';

/**
 * New mount and process namespaces; the first process of the latter takes all others along when it
 * ends.
 */
const ISOLATION = ['--mount', '--pid', '--fork', '--mount-proc'];

/**
 * The command line for a template that must leave nothing running.
 *
 * As root the template gets a process namespace: when its first process ends or is killed, the
 * kernel kills all others in it, daemons that a tool left behind included. setpriv ties that first
 * process to us, so that not even a `kill -9` of ours leaves a template at work. The mount
 * namespace keeps the template's mounts off the host. The shell in between makes the template an
 * ordinary process (the first one of a process namespace ignores signals that it has no handler
 * for) and sets the umask, which is per process and not ours to change.
 *
 * Where namespaces are not allowed, the template at least dies with us.
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
