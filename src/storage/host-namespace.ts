/** The mount namespace of the host's own processes, where it is not that of this process. */
import { openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { CLONE, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';

/**
 * A process in the host's mount namespace; undefined where this process is in it, or cannot tell.
 * Process 1 is asked first. Where it may not be looked at (a sandbox), the kernel's own threads are
 * in that namespace as well.
 */
export function hostProcess(): number | undefined {
  const own = readlinkSync('/proc/self/ns/mnt');
  for (const pid of [1, 2])
    try {
      if (pid === 2 && readFileSync('/proc/2/comm', 'utf8') !== 'kthreadd\n') continue;
      return readlinkSync(`/proc/${pid}/ns/mnt`) === own ? undefined : pid;
    } catch {
      // Not allowed, or there is no such process in this pid namespace.
    }
  return undefined;
}

/** Whether the host's processes find the same directory by this path. */
export function isHostDirectory(host: number, path: string): boolean {
  try {
    const [here, there] = [statSync(path), statSync(`/proc/${host}/root${path}`)];
    return here.ino === there.ino && here.dev === there.dev;
  } catch {
    return false;
  }
}

/**
 * Does it in the host's mount namespace. For processes with a single thread: all others share a
 * root directory.
 */
export function inHostNamespace<T>(kernel: Kernel, host: number | undefined, act: () => T): T {
  if (host === undefined) return act();
  const there = openSync(`/proc/${host}/ns/mnt`, O.RDONLY | O.CLOEXEC);
  try {
    return inNamespace(kernel, there, act);
  } finally {
    kernel.close(there);
  }
}

/** The same in the mount namespace of a descriptor. */
export function inNamespace<T>(kernel: Kernel, there: number, act: () => T): T {
  const here = openSync('/proc/self/ns/mnt', O.RDONLY | O.CLOEXEC);
  try {
    kernel.setns(there, CLONE.NEWNS);
    return act();
  } finally {
    kernel.setns(here, CLONE.NEWNS);
    kernel.close(here);
  }
}
