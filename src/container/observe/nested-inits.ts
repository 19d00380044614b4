/**
 * Which containers run inside a container, seen from the host: by their cgroups, whose names LXC
 * and we give alike, and by the process that is number 1 of its pid namespace.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPlan, pidsOf } from '../../cgroup/container-cgroup.ts';
import { pathsOfProcess } from '../../cgroup/process-paths.ts';
import { isUsableName } from '../../config/container-name.ts';

export interface NestedInit {
  /** Names from the outermost container's child inwards. */
  readonly path: readonly string[];
  /** As the host sees it. */
  readonly pid: number;
  /** Its cgroups, as far as the host's hierarchies go. */
  readonly cgroup: CgroupPlan;
}

const PAYLOAD = /\/(?:tslxc|lxc)\.payload\.([^/]+)/g;

/** @param plan cgroups of the outermost container */
export function nestedInits(plan: CgroupPlan): NestedInit[] {
  const found = new Map<string, NestedInit & { readonly level: number }>();
  for (const pid of pidsOf(plan)) {
    const level = namespaceLevel(pid);
    // The container's own init has level 2.
    if (level === undefined || level < 3) continue;
    const init = initOf(pid, plan);
    if (!init) continue;
    const key = init.path.join('/');
    const known = found.get(key);
    // What makes another pid namespace inside is deeper than the container's init.
    if (!known || level < known.level) found.set(key, { ...init, level });
  }
  return [...found.values()].map(({ path, pid, cgroup }) => ({ path, pid, cgroup }));
}

/** In how many pid namespaces a process is, if it is the first one of the innermost. */
function namespaceLevel(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const ids = /^NSpid:\t(.*)$/m.exec(status)?.[1]?.split('\t');
    return ids?.at(-1) === '1' ? ids.length : undefined;
  } catch {
    return undefined;
  }
}

/** Where a nested manager may use only some of the hierarchies, the one that says most counts. */
function initOf(pid: number, plan: CgroupPlan): NestedInit | undefined {
  let names: string[] = [];
  const hierarchies: CgroupPlan['hierarchies'][number][] = [];
  for (const [id, path] of pathsOfProcess(pid)) {
    const outer = plan.hierarchies.find((hierarchy) => hierarchy.id === id);
    if (!outer) continue;
    const below = outer.limit.slice(outer.mountpoint.length);
    const inside = path.startsWith(`${below}/`) ? path.slice(below.length) : '';
    const matches = [...inside.matchAll(PAYLOAD)];
    const last = matches.at(-1);
    if (!last) continue;
    if (matches.length > names.length) names = matches.map(([, name]) => name!);
    const limit = join(outer.mountpoint, below, inside.slice(0, last.index + last[0].length));
    hierarchies.push({ ...outer, limit, inner: limit, scaffold: [] });
  }
  if (names.length === 0 || !names.every(isUsableName)) return undefined;
  return { path: names, pid, cgroup: { hierarchies, skipped: [], devices: [] } };
}
