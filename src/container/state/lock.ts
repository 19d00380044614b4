import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { LOCK, O } from '../../kernel/constants.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { type ContainerRef, containerRunDirectory } from './paths.ts';

/**
 * Exclusive right to change a container on disk or to start it. An flock: it ends with the process
 * that holds it, however that process ends. Locks live below the run directory (0700), never below
 * a path others can write (rule R7).
 *
 * @throws TslxcError CONTAINER_BUSY when another command holds it
 */
export function lockContainer(ref: ContainerRef, kernel = linuxKernel()): Disposable & { release(): void } {
  const file = join(containerRunDirectory(ref), 'lock');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fd = openSync(file, O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC, 0o600);
  if (!kernel.flock(fd, LOCK.EX | LOCK.NB)) {
    closeSync(fd);
    throw new TslxcError({
      code: 'CONTAINER_BUSY',
      container: ref.name,
      message: 'another command is working on it',
      hint: 'wait until that command has ended, then try again',
    });
  }
  let held = true;
  const release = () => {
    if (held) closeSync(fd);
    held = false;
  };
  return { release, [Symbol.dispose]: release };
}

/**
 * The same, but waits while another command holds it.
 * @param patience milliseconds
 * @throws TslxcError CONTAINER_BUSY
 */
export async function lockPatiently(ref: ContainerRef, patience: number): Promise<Disposable> {
  for (const end = Date.now() + patience; ; await delay(20)) {
    try {
      return lockContainer(ref);
    } catch (error) {
      if (Date.now() >= end) throw error;
    }
  }
}
