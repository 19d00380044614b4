import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallerSurroundings } from '../../util/request-context.ts';
import { type ContainerRef, containerRunDirectory } from '../state/paths.ts';
import type { StartPlan } from './start-plan.ts';

/**
 * The plan by which a running container was started, for a later manager: the config may have been
 * edited since, or may be unreadable by now, and means the next start.
 */
const FILE = 'plan.json';

/**
 * @param caller the surroundings of the start's caller: hooks of the run's end, and its restarts,
 *   need them again
 */
export function savePlan(plan: StartPlan, caller: CallerSurroundings): void {
  const file = join(containerRunDirectory(plan), FILE);
  writeFileSync(`${file}.new`, JSON.stringify({ ...plan, caller }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export type SavedPlan = StartPlan & { readonly caller?: CallerSurroundings };

/** Undefined where the file is missing, damaged, or of another shape. */
export function loadPlan(ref: ContainerRef): SavedPlan | undefined {
  try {
    return asPlan(JSON.parse(readFileSync(join(containerRunDirectory(ref), FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Members without which no run can be looked after. */
const OBJECTS = ['stage', 'signals', 'console', 'log', 'cgroup', 'restart'] as const;
const LISTS = ['nics', 'hostHooks', 'sharedMounts', 'procFiles'] as const;

export function asPlan(found: unknown): SavedPlan | undefined {
  const plan = found as SavedPlan | null | undefined;
  if (typeof plan?.name !== 'string' || typeof plan.lxcpath !== 'string') return undefined;
  const objects = OBJECTS.every((name) => typeof plan[name] === 'object' && plan[name] !== null);
  return objects && LISTS.every((name) => Array.isArray(plan[name])) ? plan : undefined;
}

export function removePlan(ref: ContainerRef): void {
  rmSync(join(containerRunDirectory(ref), FILE), { force: true });
}
