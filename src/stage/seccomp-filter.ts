import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { StageChannel } from './channel.ts';
import type { SeccompLoad } from './plan.ts';

/**
 * Puts the filter on this process. One that notifies has a descriptor for whoever answers: the
 * manager is told its number beforehand and copies it while the stage waits, since after that the
 * filter might refuse to tell. The wait is the only system call between filter and execve.
 */
export function loadFilter(kernel: Kernel, channel: StageChannel, { filter, notify }: SeccompLoad): void {
  const instructions = Buffer.from(filter, 'base64');
  if (notify) channel.send({ type: 'listener', fd: nextDescriptor(kernel) });
  load(kernel, instructions, notify);
  if (notify) channel.expect('taken');
}

/**
 * For what runs inside on the way there, a hook for instance: nobody listens, and what would be
 * asked about fails.
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
