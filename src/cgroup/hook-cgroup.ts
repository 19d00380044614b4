/**
 * LXC has a monitor process for each container, and keys for its cgroup. Here one manager looks
 * after all containers: what runs on the host for one container alone are its hooks and network
 * scripts, and these go there.
 */
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { fillCpuset } from './create.ts';
import { errnoOf, pidsIn, tryWrite } from './files.ts';
import { type CgroupLayout, MONITOR } from './layout.ts';
import { cgroupName, checkedPath, type PlanOptions, placesOf } from './plan.ts';

/** The part in one hierarchy. Paths are absolute. */
export interface HookCgroup {
  readonly mountpoint: string;
  /** v1's cpuset: it has to be filled. */
  readonly cpuset: boolean;
  readonly version: 1 | 2;
  readonly path: string;
  /** Where processes go that are still in it at the end. */
  readonly pivot: string;
  /**
   * Directories that were not there when this was planned, `path` and `pivot` among them, outermost
   * first.
   */
  readonly made: readonly string[];
}

/** Below the base; undefined when the config asks for none, and hooks stay where the manager is. */
function pathOf(name: string, { monitor, dir, pattern, naming }: PlanOptions): string | undefined {
  const hooks = cgroupName(naming === 'lxc' ? 'lxc.monitor.' : `${MONITOR}.`, name);
  if (monitor !== undefined) return checkedPath(monitor, 'lxc.cgroup.dir.monitor');
  if (dir !== undefined) return `${checkedPath(dir, 'lxc.cgroup.dir')}/${hooks}`;
  if (pattern === undefined) return naming === 'lxc' ? hooks : undefined;
  return checkedPath(`${pattern.replaceAll('%n', name)}/monitor`, 'lxc.cgroup.pattern');
}

/** Reads directories, makes nothing. Plain data, for the journal. */
export function planHookCgroups(
  layout: CgroupLayout,
  name: string,
  options: PlanOptions = {},
): readonly HookCgroup[] {
  const exists = options.exists ?? existsSync;
  const path = pathOf(name, options);
  if (path === undefined) return [];
  const pivot = options.pivot ?? `${options.dir === undefined ? '' : `${options.dir}/`}${MONITOR}`;
  return placesOf(layout, options).places.map(({ hierarchy, base }) => {
    const own = [path, checkedPath(pivot, 'lxc.cgroup.dir.monitor.pivot')];
    const levels = own.flatMap((below) => {
      const parts = below.split('/');
      return parts.map((_, i) => join(base, ...parts.slice(0, i + 1)));
    });
    const { mountpoint, version, controllers } = hierarchy;
    return {
      mountpoint,
      version,
      cpuset: version === 1 && controllers.includes('cpuset'),
      path: join(base, path),
      pivot: join(base, pivot),
      made: [...new Set(levels)].filter((directory) => !exists(directory)),
    };
  });
}

/** @throws TslxcError START_FAILED */
export function createHookCgroups(plan: readonly HookCgroup[]): void {
  for (const { path, cpuset, mountpoint } of plan) {
    try {
      mkdirSync(path, { recursive: true });
      if (cpuset) fillCpuset(mountpoint, path);
    } catch (error) {
      throw new TslxcError({
        code: 'START_FAILED',
        message: `cgroup ${path} for hooks cannot be made (${errnoOf(error)})`,
        step: 'create cgroups',
        errno: errnoOf(error),
        cause: error,
      });
    }
  }
}

/** The files into which a hook, which begins with one thread, writes `0`. */
export function hookFiles(plan: readonly HookCgroup[]): string[] {
  return plan.map(({ path, version }) => join(path, version === 1 ? 'tasks' : 'cgroup.procs'));
}

/**
 * Removes what was made. A daemon that a hook has left goes to the pivot and lives on. May be
 * called again.
 */
export function removeHookCgroups(plan: readonly HookCgroup[]): void {
  for (const { path, pivot, cpuset, mountpoint, made } of plan) {
    const left = made.includes(path) ? pidsIn(path).filter((pid) => pid > 0) : [];
    if (left.length > 0) {
      mkdirSync(pivot, { recursive: true });
      if (cpuset) fillCpuset(mountpoint, pivot);
      for (const pid of left) tryWrite(join(pivot, 'cgroup.procs'), String(pid));
    }
    for (const directory of [...made].sort((a, b) => b.length - a.length)) tryRemove(directory);
  }
}

function tryRemove(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not there, or others are in it: another container's, or what went to the pivot.
  }
}
