/**
 * v2: controllers reach a cgroup only if every level above hands them down
 * (cgroup.subtree_control).
 */
import { dirname, join, relative } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { describeProcess, errnoOf, pidsIn, readFile, writeFile } from './files.ts';
import { words } from './layout.ts';
import type { PlannedHierarchy } from './plan.ts';

/** A controller that could not be handed down to the container, and why. */
export interface MissingController {
  readonly controller: string;
  readonly reason: string;
}

/**
 * Hands all controllers of the hierarchy down, from the mount point to the cgroup above the inner
 * cgroup, so that this has them and the guest's init can use them. Throws for one that is `needed`.
 */
export function enableControllers(
  hierarchy: PlannedHierarchy,
  needed: readonly string[],
): MissingController[] {
  const { mountpoint, inner, controllers } = hierarchy;
  // A hybrid layout's has none.
  if (controllers.length === 0) return [];
  const below = relative(mountpoint, dirname(inner)).split('/');
  const missing = new Map<string, string>();
  for (const directory of [mountpoint, ...below.map((_, i) => join(mountpoint, ...below.slice(0, i + 1)))]) {
    const wanted = controllers.filter((controller) => !missing.has(controller));
    for (const { controller, reason } of enableIn(directory, wanted)) missing.set(controller, reason);
  }
  for (const [controller, reason] of missing) {
    if (!needed.includes(controller)) continue;
    throw new TslxcError({
      code: 'CONTROLLER_MISSING',
      message: `the ${controller} controller cannot be used: ${reason}`,
      step: 'create cgroups',
      hint: 'a cgroup with processes of its own cannot hand controllers down: move them to a cgroup below it',
    });
  }
  return [...missing].map(([controller, reason]) => ({ controller, reason }));
}

function enableIn(directory: string, wanted: readonly string[]): MissingController[] {
  const there = words(readFile(join(directory, 'cgroup.controllers')) ?? '');
  const enabled = words(readFile(join(directory, 'cgroup.subtree_control')) ?? '');
  const cut = wanted.filter((controller) => !there.includes(controller));
  const absent = cut.map((controller) => ({
    controller,
    reason: `${dirname(directory)} does not hand it down (cgroup.subtree_control)`,
  }));
  const toEnable = wanted.filter((controller) => there.includes(controller) && !enabled.includes(controller));
  return toEnable.length === 0 ? absent : [...absent, ...enable(directory, toEnable)];
}

/**
 * All in one write: with processes in the way the kernel would still take some (cpu, cpuset, pids),
 * and thereby turn the cgroup into the root of a threaded subtree, in which nothing that we make
 * could hold a process.
 */
function enable(directory: string, controllers: readonly string[]): MissingController[] {
  const file = join(directory, 'cgroup.subtree_control');
  const write = (some: readonly string[]) =>
    writeFile(file, some.map((controller) => `+${controller}`).join(' '));
  try {
    write(controllers);
    return [];
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EBUSY' || errno === 'ENOTSUP' || errno === 'EOPNOTSUPP') {
      const reason = `${file} refused it (${errno}), ${inTheWay(directory)}`;
      return controllers.map((controller) => ({ controller, reason }));
    }
  }
  // A controller that this kernel cannot give (cpu while realtime processes run) must not take the
  // others along.
  return controllers.flatMap((controller) => {
    try {
      write([controller]);
      return [];
    } catch (error) {
      return [{ controller, reason: `${file} refused it (${errnoOf(error)})` }];
    }
  });
}

function inTheWay(directory: string): string {
  const pids = pidsIn(directory);
  const named = pids.slice(0, 5).map(describeProcess).join(', ');
  const more = pids.length > 5 ? ` and ${pids.length - 5} more` : '';
  return `because processes are in ${directory} itself: ${named || 'gone by now'}${more}`;
}
