/**
 * Limits as programs inside see them. The limits that bind are one level above the root of the
 * container's cgroups, where nothing inside reaches them; runtimes such as those of Java, Go and
 * Node.js look for limits in their own cgroup and up to that root. So the root has copies: who
 * raises a copy from inside is still bound by the limit above.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tryWrite } from './files.ts';
import type { PlannedHierarchy } from './plan.ts';
import { bottomUp } from './subtree.ts';

/** Files with a meaning for programs that ask how much they have. */
const SHOWN =
  /^(memory\.(max|high|low|min|swap\.max|limit_in_bytes|soft_limit_in_bytes|memsw\.limit_in_bytes)|cpu\.(max|weight|cfs_quota_us|cfs_period_us|shares)|pids\.max|hugetlb\..+\.(max|limit_in_bytes))$/;

/** A value that a limit file has taken. */
export interface TakenLimit {
  readonly hierarchy: PlannedHierarchy;
  readonly file: string;
  readonly value: string;
}

/** Copies limits to the root of the container's cgroups. What cannot be copied does no harm. */
export function showLimits(taken: readonly TakenLimit[]): void {
  const copies = taken
    .filter(({ file }) => SHOWN.test(file))
    .map(({ hierarchy, file, value }) => [join(hierarchy.inner, file), value] as const)
    .filter(([path]) => existsSync(path));
  // A memory limit may not pass the one with swap: where both grow, the first has to wait.
  const refused = copies.filter(([path, value]) => !tryWrite(path, value));
  for (const [path, value] of refused) tryWrite(path, value);
}

/**
 * v1 refuses a CPU quota that one below exceeds, be it a copy or a guest's own. Those below go: the
 * quota above binds all of them.
 */
export function clearQuotasBelow(limit: string): void {
  bottomUp(limit, (path) => {
    if (path !== limit) tryWrite(join(path, 'cpu.cfs_quota_us'), '-1');
  });
}
