import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { StageChannel } from './channel.ts';
import type { SeccompLoad } from './plan.ts';

/**
 * Loads the filter into this process. A notifying filter has a descriptor for its listener: the
 * stage sends its number beforehand, and the manager copies it while the stage waits, since the
 * filter could refuse the message afterwards. The wait is the only system call between filter and
 * execve.
 */
export function loadFilter(kernel: Kernel, channel: StageChannel, { filter, notify }: SeccompLoad): void {
  const instructions = Buffer.from(filter, 'base64');
  if (notify) channel.send({ type: 'listener', fd: nextDescriptor(kernel) });
  load(kernel, instructions, notify);
  if (notify) channel.expect('taken');
}

/**
 * For programs that run inside before init, such as hooks: without a listener, the calls that would
 * be passed on fail.
 */
export function loadWithoutListener(kernel: Kernel, { filter }: SeccompLoad): void {
  load(kernel, Buffer.from(filter, 'base64'), false);
}

/** The lowest free one, which the kernel gives next. */
function nextDescriptor(kernel: Kernel): number {
  const fd = kernel.dup(2);
  kernel.close(fd);
  return fd;
}

function load(kernel: Kernel, instructions: Buffer, listen: boolean): void {
  try {
    kernel.seccomp(instructions, listen);
  } catch (error) {
    const failure = toTslxcError(error, 'START_FAILED');
    throw new TslxcError({
      ...failure.toJSON(),
      step: 'load the seccomp filter',
      message: `the kernel refused the seccomp filter: ${failure.errno}`,
      ...(failure.errno === 'EBUSY'
        ? { hint: 'a filter that notifies is in force already: only one of all that are in force can' }
        : {}),
    });
  }
}
