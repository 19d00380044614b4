import { TslxcError } from '../errors/tslxc-error.ts';
import { RLIMIT, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { StageChannel } from './channel.ts';

/** First descriptor above standard input, output and error. */
const FIRST_OWN = 3;

/** Where a program without a slash is looked for inside. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The last thing a stage does: undoes what Node changed in the process (signals it ignores, the soft limit of open
 * files that it raised) and becomes the program. Every descriptor but 0 to 2 is close-on-exec (rule R3), the channel
 * too: its end tells the manager that execve has succeeded.
 */
export function execute(
  kernel: Kernel,
  channel: StageChannel,
  program: {
    readonly args: readonly string[];
    readonly env: readonly string[];
    /** Null: the limit is what it has to be. */
    readonly nofile: { readonly soft: number; readonly hard: number } | null;
  },
): never {
  for (const signal of [SIG.PIPE, SIG.XFSZ, SIG.CHLD]) kernel.signal(signal, 'default');
  kernel.clearSignalMask();
  kernel.cloexecFrom(FIRST_OWN);
  for (const fd of [0, 1, 2]) kernel.setCloexec(fd, false);
  const { soft, hard } = kernel.getRlimit(RLIMIT.nofile);
  if (program.nofile && soft !== program.nofile.soft)
    kernel.setRlimit(RLIMIT.nofile, Math.min(program.nofile.soft, hard), hard);
  let failure: unknown;
  for (const path of candidates(program.args[0]!, program.env)) {
    try {
      kernel.exec(path, program.args, program.env);
    } catch (error) {
      const code = (error as { code?: string }).code;
      // A file that is there but can not be run tells more than the next that is not there.
      if (failure === undefined || code !== 'ENOENT') failure = error;
    }
  }
  const errno = (failure as { code?: string }).code ?? 'EINVAL';
  channel.fail(
    new TslxcError({
      code: 'EXEC_FAILED',
      message: `can not run ${program.args[0]}: ${REASONS[errno] ?? errno}`,
      errno,
      step: 'execve',
    }).toJSON(),
  );
  return kernel.exit(errno === 'ENOENT' ? 127 : 126);
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file in the container (or its interpreter is missing)',
  EACCES: 'not executable',
  ENOEXEC: 'not a program for this machine',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
};

function candidates(program: string, env: readonly string[]): string[] {
  if (program.includes('/')) return [program];
  const path = env.find((variable) => variable.startsWith('PATH='))?.slice(5) ?? DEFAULT_PATH;
  return path.split(':').map((directory) => `${directory || '.'}/${program}`);
}
