/**
 * The manager is a child subreaper: when its keeper is killed, the containers' inits become
 * children of the manager, which learns how they end. Daemons that hooks leave behind come to it as
 * well, and are reaped.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { PR } from '../../kernel/constants.ts';
import type { ExitStatus, Kernel } from '../../kernel/kernel.ts';
import { childrenOf } from '../../util/child-processes.ts';

/**
 * How long a zombie is left to libuv, which reaps the children that Node has started, milliseconds.
 */
const GRACE = 1000;

/** Makes this process the foster parent, and reaps what Node does not know. */
export function adoptOrphans(kernel: Kernel): void {
  kernel.prctl(PR.SET_CHILD_SUBREAPER, 1);
  let isPlanned = false;
  let before = new Set<number>();
  const look = () => {
    const zombies = zombieChildren();
    for (const pid of zombies) if (before.has(pid)) reapOrphan(kernel, pid);
    before = zombies;
    isPlanned = false;
    if (zombies.size > 0) plan();
  };
  const plan = () => {
    if (!isPlanned) setTimeout(look, GRACE).unref();
    isPlanned = true;
  };
  process.on('SIGCHLD', plan);
}

/** How a process ended, if it was a child that is not reaped yet. */
export function reapOrphan(kernel: Kernel, pid: number): ExitStatus | undefined {
  try {
    return kernel.wait(pid, false)?.status;
  } catch {
    // ECHILD: another's child.
    return undefined;
  }
}

function zombieChildren(): Set<number> {
  const pids = readdirSync('/proc/self/task').flatMap((thread) => childrenOf('self', thread));
  return new Set(pids.filter(isZombie));
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
