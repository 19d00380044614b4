/** The clocks of a time namespace: they can only be set before a process has entered it. */
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AT, CLONE, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { ClockOffset } from './plan.ts';

/**
 * With the host's privileges and procfs: in a user namespace of its own the stage could not open
 * its own file.
 */
export function openClockOffsets(kernel: Kernel): number {
  return kernel.openat2(AT.FDCWD, '/proc/self/timens_offsets', O.WRONLY, 0, 0);
}

/**
 * The time namespace that was unshared last. Without this only children would be in it, and Linux
 * 6.1 makes none by vfork(2).
 */
export function enterClocks(kernel: Kernel): void {
  const file = kernel.openat2(AT.FDCWD, '/proc/self/ns/time_for_children', O.RDONLY, 0, 0);
  kernel.setns(file, CLONE.NEWTIME);
  kernel.close(file);
}

/**
 * Sets the offsets of the time namespace that was unshared last, in the one write that the kernel
 * takes. Closes the descriptor.
 */
export function setClockOffsets(kernel: Kernel, fd: number, offsets: readonly ClockOffset[]): void {
  const lines = offsets.map(({ clock, seconds, nanoseconds }) => `${clock} ${seconds} ${nanoseconds}\n`);
  try {
    kernel.write(fd, Buffer.from(lines.join('')));
  } catch (error) {
    const failure = toTslxcError(error, 'NAMESPACE_UNAVAILABLE');
    const keys = offsets.map(({ clock }) => `lxc.time.offset.${clock === 'boottime' ? 'boot' : 'monotonic'}`);
    throw new TslxcError({
      ...failure.toJSON(),
      ...offsets[0]!.origin,
      step: 'set clocks',
      message: `${keys.join(' and ')}: the kernel refused the offset: ${failure.errno}`,
      ...(failure.errno === 'ERANGE'
        ? { hint: 'no clock can be before 0, which the boot of the host is, nor 146 years after it' }
        : {}),
    });
  }
  kernel.close(fd);
}
