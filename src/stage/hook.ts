import { TslxcError } from '../errors/tslxc-error.ts';
import { SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { HookCommand } from './plan.ts';

/** How much of a hook's output is kept for an error, bytes. */
const TAIL = 4096;

/**
 * Runs a hook where the stage stands, by `/bin/sh -c` as LXC does, and waits for it.
 * @throws TslxcError HOOK_FAILED with the end of the hook's output
 */
export function runStageHook(
  kernel: Kernel,
  name: string,
  hook: HookCommand,
  version: 0 | 1,
  env: readonly string[],
  log: (text: string) => void,
): void {
  const [read, write] = kernel.pipe();
  const line = version === 0 ? `exec ${hook.command} ${name} lxc ${hook.type}` : `exec ${hook.command}`;
  const environment = version === 0 ? env : [...env, `LXC_HOOK_TYPE=${hook.type}`, 'LXC_HOOK_SECTION=lxc'];
  const pid = kernel.fork();
  if (pid === 0) {
    kernel.dup2(write, 1);
    kernel.dup2(write, 2);
    kernel.signal(SIG.PIPE, 'default');
    try {
      kernel.exec('/bin/sh', ['sh', '-c', line], environment);
    } catch (error) {
      kernel.write(2, Buffer.from(`/bin/sh: ${(error as Error).message}\n`));
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
  if (text) log(`hook ${hook.type} ${hook.command}: ${text}`);
  if (ended.code === 0) return;
  throw new TslxcError({
    code: 'HOOK_FAILED',
    message: `hook lxc.hook.${hook.type} "${hook.command}" ${ended.signal ? `was killed by signal ${ended.signal}` : `ended with status ${ended.code}`}${text ? `: ${lastLine(text)}` : ''}`,
    file: hook.origin.file,
    line: hook.origin.line,
    step: `hook ${hook.type}`,
  });
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
