import { existsSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TslxcError } from '../errors/tslxc-error.ts';
import { describeProcess, pidsIn } from './files.ts';
import type { CgroupPlan, PlannedHierarchy } from './plan.ts';
import { bottomUp, removeSubtree } from './subtree.ts';

/**
 * A killed process leaves its cgroup only when it is reaped or fully gone: rmdir says EBUSY until
 * then.
 */
const PATIENCE_MS = 2000;

/**
 * Removes the cgroups that we made, where no process is in them and the guest has made none below:
 * the usual case.
 * @returns whether that was all
 */
function removeUnused({ limit, inner }: PlannedHierarchy): boolean {
  try {
    for (let directory = inner; directory.length >= limit.length; directory = dirname(directory))
      rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes the part in one hierarchy at once: true when nothing is left. Directories of
 * lxc.cgroup.dir go if empty and ours.
 */
export function removeHierarchy(hierarchy: PlannedHierarchy): boolean {
  const { limit, scaffold } = hierarchy;
  const gone = removeUnused(hierarchy) || !existsSync(limit) || removeSubtree(limit);
  if (gone) {
    for (const directory of scaffold.toReversed()) {
      try {
        rmdirSync(directory);
      } catch {
        // Another container is in it, or it is gone.
        break;
      }
    }
  }
  return gone;
}

/** The processes in a plan's cgroups, those that the guest made included. */
export function pidsOf(plan: CgroupPlan): number[] {
  const pids = new Set<number>();
  for (const { limit } of plan.hierarchies)
    bottomUp(limit, (path) => {
      for (const pid of pidsIn(path)) pids.add(pid);
    });
  return [...pids];
}

/**
 * Removes what can be removed of a plan's cgroups without killing a process. True: that is all of
 * it.
 */
export function tryRemoveCgroup(plan: CgroupPlan): boolean {
  const left = plan.hierarchies.filter((hierarchy) => !removeHierarchy(hierarchy));
  return left.length === 0;
}

/**
 * Removes the cgroups of a plan with all that the guest made below, and nothing else. Processes
 * must be gone or going (see killAll). May be called again, and for a plan of which nothing or only
 * a part was ever made. Waits two seconds at most.
 * @throws TslxcError STOP_TIMEOUT
 */
export async function removeCgroup(plan: CgroupPlan): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let left = plan.hierarchies;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    left = left.filter((hierarchy) => !removeHierarchy(hierarchy));
    if (left.length === 0) return;
    if (Date.now() > deadline) break;
    await setTimeout(pause);
  }
  const pids = pidsOf(plan);
  throw new TslxcError({
    code: 'STOP_TIMEOUT',
    message:
      `cgroup ${left[0]!.limit} cannot be removed: ` +
      (pids.length > 0
        ? `processes ${pids.slice(0, 10).map(describeProcess).join(', ')}`
        : 'the kernel keeps it busy'),
    step: 'remove cgroups',
    errno: 'EBUSY',
  });
}
