import { watch } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { readCounters, readFile, writeFile } from './files.ts';
import { type CgroupPlan, v1Of, v2Of } from './plan.ts';

/**
 * A process in the middle of a disk's or a network file system's work freezes when that is done.
 */
const PATIENCE_MS = 30_000;

interface Freezer {
  readonly file: string;
  readonly on: string;
  readonly off: string;
  /** Null while the kernel is still at it. */
  readonly state: () => boolean | null;
  /** The file that tells of changes, by inotify and poll(2); v1 has none. */
  readonly events?: string;
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
    const events = join(v2.limit, 'cgroup.events');
    const state = () => {
      const frozen = readCounters(events).get('frozen') === 1n;
      return frozen === (readFile(file) === '1') ? frozen : null;
    };
    found.push({ file, on: '1', off: '0', state, events });
  }
  return found;
}

/**
 * Writes and waits until it is so: on v2 for the kernel's word, which comes through cgroup.events.
 * v1 has no such word: there the reading itself makes the kernel look, and nearly always the first
 * one says that it is done.
 */
function change(freezer: Freezer, wanted: boolean, patience: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let pause = 1;
    let timer: NodeJS.Timeout | undefined;
    const finish = (done: boolean) => {
      clearTimeout(timer);
      clearTimeout(limit);
      watcher?.close();
      resolve(done);
    };
    const look = () => {
      if (freezer.state() === wanted) finish(true);
      else if (!freezer.events) {
        timer = setTimeout(look, pause);
        pause = Math.min(pause * 2, 10);
      }
    };
    const limit = setTimeout(() => finish(freezer.state() === wanted), patience);
    // Before the write, so that no word of it is missed.
    const watcher = freezer.events ? watch(freezer.events, look) : undefined;
    try {
      writeFile(freezer.file, wanted ? freezer.on : freezer.off);
      look();
    } catch (error) {
      clearTimeout(limit);
      watcher?.close();
      reject(error);
    }
  });
}

/**
 * Stops all processes of the container where they are.
 * @throws TslxcError CONTROLLER_MISSING, FREEZE_TIMEOUT (and lets them run again)
 */
export async function freeze(plan: CgroupPlan, patience = PATIENCE_MS): Promise<void> {
  const [freezer] = freezers(plan);
  if (!freezer)
    throw new TslxcError({
      code: 'CONTROLLER_MISSING',
      message: 'this host has no cgroup that could freeze it: neither the freezer of v1 nor cgroup2',
      hint: 'mount cgroup2: mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified',
    });
  if (await change(freezer, true, patience)) return;
  writeFile(freezer.file, freezer.off);
  throw new TslxcError({
    code: 'FREEZE_TIMEOUT',
    message: `the kernel did not freeze it in ${patience / 1000} seconds; it runs on`,
    hint: 'a process of it waits for a device or a remote file system: `ps -eo pid,stat,wchan,cmd` shows it in state D',
  });
}

/**
 * Lets the processes run again, in every hierarchy. False: something still holds
 * them.
 */
export async function unfreeze(plan: CgroupPlan, patience = PATIENCE_MS): Promise<boolean> {
  const frozen = freezers(plan).filter(({ state }) => state() !== false);
  const done = await Promise.all(frozen.map((freezer) => change(freezer, false, patience)));
  return done.every(Boolean);
}

export function isFrozen(plan: CgroupPlan): boolean {
  return freezers(plan).some(({ state }) => state() === true);
}
