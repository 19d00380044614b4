import { accessSync, constants } from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { PR, RLIMIT, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { DEFAULT_PATH } from '../util/search-path.ts';
import type { StageChannel } from './channel.ts';
import type { SeccompLoad, StartStagePlan } from './plan.ts';
import { setLimit } from './resource-limits.ts';
import { loadFilter } from './seccomp-filter.ts';

/** First descriptor above standard input, output and error. */
const FIRST_OWN = 3;

/** What a stage becomes. */
export interface Program {
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Null: the limit is what it has to be. */
  readonly nofile: { readonly soft: number; readonly hard: number } | null;
  readonly rlimits?: StartStagePlan['rlimits'];
  readonly seccomp?: SeccompLoad;
  /** Descriptors above 2 that the program gets. */
  readonly inherited?: readonly number[];
  /** Signal for it when its parent dies; 0 and nothing: none. */
  readonly parentDeath?: number;
}

/**
 * The last thing a stage does: undoes what Node changed in the process (signals it ignores, the
 * soft limit of open files that it raised), takes the limits and the filter that the program is to
 * have, and becomes the program. Limits and filter come last of all: they are not made for Node.
 * Every descriptor but 0 to 2 is close-on-exec (rule R3), the channel too: its end tells the
 * manager that execve has succeeded (of a spawner's child the spawner does).
 */
export function execute(kernel: Kernel, channel: StageChannel, program: Program): never {
  return executeFirst(kernel, channel, program, readyToExecute(kernel, channel, program));
}

/** Does all but execve(2) itself. @returns paths to try */
export function readyToExecute(kernel: Kernel, channel: StageChannel, program: Program): readonly string[] {
  for (const signal of [SIG.PIPE, SIG.XFSZ, SIG.CHLD]) kernel.signal(signal, 'default');
  kernel.clearSignalMask();
  kernel.cloexecFrom(FIRST_OWN);
  for (const fd of [0, 1, 2, ...(program.inherited ?? [])]) kernel.setCloexec(fd, false);
  const { paths, failure } = runnable(candidates(program.args[0]!, program.env));
  if (paths.length === 0) return giveUp(kernel, channel, program, failure);
  try {
    setLimits(kernel, program);
    // Ids that change take it away.
    if (program.parentDeath) kernel.prctl(PR.SET_PDEATHSIG, program.parentDeath);
    if (program.seccomp) loadFilter(kernel, channel, program.seccomp);
  } catch (error) {
    channel.fail(toTslxcError(error, 'START_FAILED', { step: 'confine' }).toJSON());
    return kernel.exit(1);
  }
  return paths;
}

/**
 * Becomes the first of `paths` that the kernel takes. `last`: why it did not take one that was
 * tried before.
 */
export function executeFirst(
  kernel: Kernel,
  channel: StageChannel,
  program: Program,
  paths: readonly string[],
  last?: unknown,
): never {
  let failure = last;
  for (const path of paths)
    try {
      kernel.exec(path, program.args, program.env);
    } catch (error) {
      failure ??= error;
    }
  return giveUp(kernel, channel, program, failure);
}

function setLimits(kernel: Kernel, { nofile, rlimits = [] }: Program): void {
  const own = kernel.getRlimit(RLIMIT.nofile);
  if (nofile) {
    // The caller's limits, which may be lower than those of the manager.
    const hard = Math.min(nofile.hard, own.hard);
    const soft = Math.min(nofile.soft, hard);
    if (soft !== own.soft || hard !== own.hard) kernel.setRlimit(RLIMIT.nofile, soft, hard);
  }
  for (const limit of rlimits) setLimit(kernel, limit);
}

function giveUp(kernel: Kernel, channel: StageChannel, { args }: Program, failure: unknown): never {
  const errno = (failure as { code?: string }).code ?? 'EINVAL';
  channel.fail(
    new TslxcError({
      code: 'EXEC_FAILED',
      message: `cannot run ${args[0]}: ${REASONS[errno] ?? errno}`,
      errno,
      step: 'execve',
    }).toJSON(),
  );
  return kernel.exit(errno === 'ENOENT' ? 127 : 126);
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file, or its interpreter is missing',
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

/**
 * Those that can be run. To be known before a filter is loaded: under one that refuses what a
 * failure needs, the failure could not be told.
 */
function runnable(paths: readonly string[]): { paths: string[]; failure: unknown } {
  let failure: unknown;
  const found = paths.filter((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch (error) {
      // A file that is there but cannot be run tells more than the next that is not there.
      if (failure === undefined || (error as { code?: string }).code !== 'ENOENT') failure = error;
      return false;
    }
  });
  return { paths: found, failure };
}
