import { chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TslxcError } from '../errors/tslxc-error.ts';
import { SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { errnoOf, pidsIn, readFile, tryWrite } from './files.ts';
import { type CgroupPlan, type PlannedHierarchy, v1Of, v2Of } from './plan.ts';
import { pidsOf } from './remove.ts';
import { bottomUp } from './subtree.ts';

/**
 * File through which a single-threaded process enters. In v1 that is `tasks`: a thread that moves
 * itself is spared the lock over all thread groups, for which `cgroup.procs` waits milliseconds in
 * each hierarchy (cgroup_procs_write_start in kernel/cgroup/cgroup.c). v2 takes whole processes
 * only.
 */
const entrance = ({ version }: PlannedHierarchy) => (version === 1 ? 'tasks' : 'cgroup.procs');

/**
 * The files into which a starting process, which has one thread, writes `0` to be in the
 * container's cgroups.
 */
export function enterFiles(plan: CgroupPlan): string[] {
  return plan.hierarchies.map((hierarchy) => join(hierarchy.inner, entrance(hierarchy)));
}

/** Cgroup of processes that were attached, where they cannot be in the inner one itself. */
const LEAF = '.tslxc';
const MAX_LEAVES = 100;

/**
 * The same for a process that enters a running container. On v2 a cgroup that hands controllers
 * down may hold no processes, and an init like systemd makes its root such a one: attached
 * processes get a leaf next to init's.
 */
export function attachFiles(plan: CgroupPlan): string[] {
  return plan.hierarchies.map((hierarchy) => {
    const needsLeaf = hierarchy.version === 2 && hierarchy.controllers.length > 0;
    return join(needsLeaf ? leafOf(hierarchy) : hierarchy.inner, entrance(hierarchy));
  });
}

/**
 * The guest may have made a cgroup of that name and of a kind that takes no processes: then the
 * next name.
 */
function leafOf({ inner }: PlannedHierarchy): string {
  for (let n = 0; n < MAX_LEAVES; n++) {
    const leaf = join(inner, n === 0 ? LEAF : `${LEAF}-${n}`);
    try {
      mkdirSync(leaf);
      const { uid, gid } = statSync(inner);
      chownSync(leaf, uid, gid);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') {
        throw new TslxcError({
          code: 'EXEC_FAILED',
          message: `no cgroup for the attached process: ${leaf} cannot be made (${errnoOf(error)})`,
          errno: errnoOf(error),
          cause: error,
        });
      }
    }
    const plain = readFile(join(leaf, 'cgroup.type')) === 'domain';
    if (plain && readFile(join(leaf, 'cgroup.subtree_control')) === '') return leaf;
  }
  throw new TslxcError({
    code: 'EXEC_FAILED',
    message: `no cgroup for the attached process: the container has taken ${LEAF} to ${LEAF}-${MAX_LEAVES - 1}`,
  });
}

const PATIENCE_MS = 2000;

/**
 * Kills everything in the container's cgroups and waits (about two seconds at most) until it is
 * gone. Returns the processes that are still there: a dying one may hang in the kernel. The caller
 * itself is never killed.
 */
export async function killAll(kernel: Kernel, plan: CgroupPlan): Promise<number[]> {
  const freezer = v1Of(plan, 'freezer');
  const unified = v2Of(plan);
  const killFile = unified && join(unified.limit, 'cgroup.kill');
  const deadline = Date.now() + PATIENCE_MS;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    const pids = pidsOf(plan).filter((pid) => pid !== process.pid);
    if (pids.length === 0 || Date.now() > deadline) return pids;
    // All at once and race-free. A process outside of the v2 cgroup (LXC's tools may put one there)
    // takes the signals.
    if (
      killFile &&
      existsSync(killFile) &&
      !pidsOf({ ...plan, hierarchies: [unified] }).includes(process.pid)
    )
      tryWrite(killFile, '1');
    // Frozen first, so that none can fork away from under the list; thawed to die (v1 does not let
    // frozen ones).
    if (freezer) tryWrite(join(freezer.limit, 'freezer.state'), 'FROZEN');
    signalAll(kernel, plan);
    if (freezer) tryWrite(join(freezer.limit, 'freezer.state'), 'THAWED');
    if (unified) tryWrite(join(unified.limit, 'cgroup.freeze'), '0');
    await setTimeout(pause);
  }
}

/** How many processes are held at a time, well below any limit of open files. */
const HELD = 256;

/** SIGKILL to each process in the plan's cgroups, once. */
function signalAll(kernel: Kernel, plan: CgroupPlan): void {
  const seen = new Set([0, process.pid]);
  for (const { limit } of plan.hierarchies)
    bottomUp(limit, (path) => {
      const pids = pidsIn(path).filter((pid) => !seen.has(pid));
      for (let at = 0; at < pids.length; at += HELD) killMembers(kernel, path, pids.slice(at, at + HELD));
      for (const pid of pids) seen.add(pid);
    });
}

/**
 * A number that was read may be another process's by now, so each process is held by a pidfd first,
 * and is only killed if its number is in the cgroup still: then the one that is held is a member,
 * or has ended and takes no signal.
 */
function killMembers(kernel: Kernel, cgroup: string, pids: readonly number[]): void {
  const held = pids.flatMap((pid) => {
    try {
      return [{ pid, pidfd: kernel.pidfdOpen(pid) }];
    } catch (error) {
      if (errnoOf(error) === 'ESRCH') return [];
      throw error;
    }
  });
  try {
    const members = new Set(pidsIn(cgroup));
    for (const { pid, pidfd } of held) if (members.has(pid)) kill(kernel, pidfd);
  } finally {
    for (const { pidfd } of held) kernel.close(pidfd);
  }
}

function kill(kernel: Kernel, pidfd: number): void {
  try {
    kernel.pidfdSignal(pidfd, SIG.KILL);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
