import { closeSync, fstatSync, mkdirSync, openSync, rmdirSync, rmSync, statSync } from 'node:fs';
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
  const fd = openLock(file);
  // The holder of a file that has been removed (`forgetLock`) is no holder of the lock.
  if (!kernel.flock(fd, LOCK.EX | LOCK.NB) || !isSameFile(fd, file)) {
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

/** Where `forgetLock` removes the directory at the same moment, another try makes it. */
function openLock(file: string): number {
  for (let tries = 1; ; tries++)
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      return openSync(file, O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC, 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 3) throw error;
    }
}

function isSameFile(fd: number, file: string): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const own = fstatSync(fd);
  return there?.ino === own.ino && there.dev === own.dev;
}

/**
 * Removes the lock of a container that is gone. The caller holds the lock, and does nothing more
 * under it.
 */
export function forgetLock(ref: ContainerRef): void {
  const directory = containerRunDirectory(ref);
  rmSync(join(directory, 'lock'), { force: true });
  try {
    rmdirSync(directory);
  } catch {
    // Something else of the container is there: a journal to be released, say.
  }
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
