import { join } from 'node:path';
import { readCounters, readFile, sleep, writeFile } from './files.ts';
import { type CgroupPlan, v1Of, v2Of } from './plan.ts';

/** The manager serves others meanwhile: a longer freeze is asked about again with isFrozen. */
const PATIENCE_MS = 200;

interface Freezer {
  readonly file: string;
  readonly on: string;
  readonly off: string;
  /** Null while the kernel is still at it. */
  readonly state: () => boolean | null;
}

/** Where a container can be frozen, the preferred way first. */
function freezers(plan: CgroupPlan): Freezer[] {
  const found: Freezer[] = [];
  const v1 = v1Of(plan, 'freezer');
  if (v1) {
    const file = join(v1.limit, 'freezer.state');
    const state = () => {
      const text = readFile(file);
      return text === 'FREEZING' ? null : text === 'FROZEN';
    };
    found.push({ file, on: 'FROZEN', off: 'THAWED', state });
  }
  const v2 = v2Of(plan);
  if (v2 && readFile(join(v2.limit, 'cgroup.freeze')) !== undefined) {
    const file = join(v2.limit, 'cgroup.freeze');
    const state = () => {
      const frozen = readCounters(join(v2.limit, 'cgroup.events')).get('frozen') === 1n;
      return frozen === (readFile(file) === '1') ? frozen : null;
    };
    found.push({ file, on: '1', off: '0', state });
  }
  return found;
}

function settle(freezer: Freezer, wanted: boolean): boolean {
  const deadline = Date.now() + PATIENCE_MS;
  while (freezer.state() !== wanted) {
    if (Date.now() > deadline) return false;
    sleep(2);
  }
  return true;
}

/** Stops all processes of the container where they are. False: the kernel is still at it (ask isFrozen). */
export function freeze(plan: CgroupPlan): boolean {
  const [freezer] = freezers(plan);
  if (!freezer) return false;
  writeFile(freezer.file, freezer.on);
  return settle(freezer, true);
}

/** Lets them run again, whoever froze them and by which hierarchy. */
export function unfreeze(plan: CgroupPlan): boolean {
  const all = freezers(plan);
  for (const { file, off } of all) writeFile(file, off);
  return all.every((freezer) => settle(freezer, false));
}

export function isFrozen(plan: CgroupPlan): boolean {
  return freezers(plan).some(({ state }) => state() === true);
}
