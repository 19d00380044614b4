/**
 * The eventfds by which libuv is woken up. V8 writes to one whenever it posts a task, in a process
 * that never runs the event loop as well, and libuv aborts where it is closed. A forked child
 * shares them with its parent: if a guest got hold of such a copy, it could take the manager's
 * wake-ups away.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import type { Calls } from './binding.ts';
import { EFD, O } from './constants.ts';

let numbers: readonly number[] | undefined;

/**
 * Their numbers: they have to stay open. Found once, while /proc is the host's; a forked child has
 * the same.
 */
export function wakeups(): readonly number[] {
  numbers ??= readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => isEventfd(fd));
  return numbers;
}

/** Puts new ones in their place, which no other process has. */
export function separateWakeups(calls: Calls): void {
  for (const number of wakeups()) {
    const fresh = calls.eventfd(0, EFD.CLOEXEC | EFD.NONBLOCK);
    calls.dup3(fresh, number, O.CLOEXEC);
    calls.close(fresh);
  }
}

function isEventfd(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventfd]';
  } catch {
    // The directory that was read.
    return false;
  }
}
