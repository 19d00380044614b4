import { TslxcError } from '../errors/tslxc-error.ts';
import { SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { HookCommand, HookSurroundings } from './plan.ts';

/** How much of a hook's output is kept for an error, bytes. */
const TAIL = 4096;
/** How many lines of it an error carries. */
const SHOWN_LINES = 5;

/** How a hook is run. */
export interface StageHookRun {
  /** The container's. */
  readonly name: string;
  readonly version: 0 | 1;
  readonly surroundings: HookSurroundings;
  log(text: string, level: 'DEBUG'): void;
  /** Runs in the hook's process right before execve. */
  confine?: (() => void) | undefined;
}

/**
 * Runs a hook where the stage stands, by `/bin/sh -c` as LXC does, and waits for it.
 * @throws TslxcError HOOK_FAILED with the end of the hook's output
 */
export function runStageHook(kernel: Kernel, hook: HookCommand, run: StageHookRun): void {
  const { name, version, surroundings, log } = run;
  const [read, write] = kernel.pipe();
  // The arguments are the shell's own: nothing of them is ever shell text.
  const args = ['sh', '-c', `${hook.command} "$@"`, 'sh', ...(version === 0 ? [name, 'lxc', hook.type] : [])];
  const inGuest = hook.type === 'start';
  const env = inGuest ? surroundings.guestEnv : surroundings.env;
  const environment = version === 0 ? env : [...env, `LXC_HOOK_TYPE=${hook.type}`, 'LXC_HOOK_SECTION=lxc'];
  const pid = kernel.fork();
  if (pid === 0) {
    kernel.dup2(write, 1);
    kernel.dup2(write, 2);
    kernel.signal(SIG.PIPE, 'default');
    try {
      enter(inGuest ? '/' : surroundings.cwd);
      kernel.umask(surroundings.umask);
      run.confine?.();
      kernel.exec('/bin/sh', args, environment);
    } catch (error) {
      kernel.write(2, Buffer.from(`hook: ${(error as Error).message}\n`));
    }
    kernel.exit(127);
  }
  kernel.close(write);
  let output = Buffer.alloc(0);
  const chunk = Buffer.alloc(4096);
  for (;;) {
    const length = kernel.read(read, chunk);
    if (length <= 0) break;
    output = Buffer.concat([output, chunk.subarray(0, length)]).subarray(-TAIL);
  }
  kernel.close(read);
  const ended = kernel.wait(pid, true)!.status;
  const text = output.toString().trim();
  if (text) for (const line of text.split('\n')) log(`hook ${hook.type}: ${line}`, 'DEBUG');
  if (ended.code === 0) return;
  throw new TslxcError({
    code: 'HOOK_FAILED',
    message: `hook lxc.hook.${hook.type} "${hook.command}" ${ended.signal ? `was killed by signal ${ended.signal}` : `ended with status ${ended.code}`}${text ? `: ${lastLines(text)}` : ''}`,
    file: hook.origin.file,
    line: hook.origin.line,
    step: `hook ${hook.type}`,
  });
}

function lastLines(text: string): string {
  return text.split('\n').slice(-SHOWN_LINES).join(' | ');
}

/** The caller's directory, as long as it is there. */
function enter(directory: string): void {
  try {
    process.chdir(directory);
  } catch {
    process.chdir('/');
  }
}
