import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { enableControllers, type MissingController } from './controllers.ts';
import { reduceRules } from './device-rules.ts';
import { errnoOf, readFile, tryWrite, writeFile } from './files.ts';
import { words } from './layout.ts';
import type { CgroupPlan, PlannedHierarchy } from './plan.ts';
import { removeHierarchy } from './remove.ts';

/**
 * Makes the cgroups of a plan. If one can't be made, those made by this call are removed again.
 * `needed` are v2 controllers without which the caller does not want to go on; the others that
 * can't be enabled are returned.
 */
export function createCgroup(plan: CgroupPlan, needed: readonly string[] = []): MissingController[] {
  const made: PlannedHierarchy[] = [];
  try {
    return plan.hierarchies.flatMap((hierarchy) => {
      makeScaffold(hierarchy);
      makeNew(hierarchy.limit);
      made.push(hierarchy);
      if (hierarchy.version === 1) prepareV1(hierarchy, plan);
      else boundDescendants(hierarchy);
      mkdirSync(hierarchy.inner, { recursive: true });
      return hierarchy.version === 2 ? enableControllers(hierarchy, needed) : [];
    });
  } catch (error) {
    for (const hierarchy of made) removeHierarchy(hierarchy);
    throw error;
  }
}

/**
 * The directories of lxc.cgroup.dir. Another container's end may remove one in between: then again.
 */
function makeScaffold({ limit, mountpoint }: PlannedHierarchy): void {
  if (dirname(limit) === mountpoint) return;
  for (let attempt = 0; ; attempt++) {
    try {
      mkdirSync(dirname(limit), { recursive: true });
      return;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === 5) throw refused(dirname(limit), error);
    }
  }
}

function makeNew(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    throw refused(directory, error);
  }
}

const REASONS: Record<string, string> = {
  EEXIST: 'it is there already: another container uses it, or one left it behind',
  EACCES: 'the caller may not write there',
  EPERM: 'the caller may not write there',
  EROFS: 'the cgroup file system is mounted read-only',
  EAGAIN: 'the host limits the number of cgroups there (cgroup.max.descendants, cgroup.max.depth)',
  ENOSPC: 'the kernel has no cgroup left (65535 for the memory controller)',
};

function refused(directory: string, error: unknown): TslxcError {
  const errno = errnoOf(error);
  return new TslxcError({
    code: 'START_FAILED',
    message: `cgroup ${directory} cannot be made: ${REASONS[errno ?? ''] ?? (error as Error).message}`,
    step: 'create cgroups',
    errno,
    cause: error,
  });
}

/**
 * How many cgroups a guest may make below its own, and how deep. The kernel has room for 65,535
 * with the memory controller on the whole host, and every one has to be removed at the end. Systemd
 * makes some hundred; `lxc.cgroup2.cgroup.max.descendants` sets another number.
 */
const MOST_DESCENDANTS = 10_000;
const MOST_LEVELS = 64;

function boundDescendants({ limit }: PlannedHierarchy): void {
  tryWrite(join(limit, 'cgroup.max.descendants'), String(MOST_DESCENDANTS));
  tryWrite(join(limit, 'cgroup.max.depth'), String(MOST_LEVELS));
}

/** What a v1 cgroup needs before it has children or processes. */
function prepareV1(hierarchy: PlannedHierarchy, plan: CgroupPlan): void {
  const { limit, controllers } = hierarchy;
  // Before 5.11 a limit did not bind the cgroups below, unless asked to.
  if (controllers.includes('memory')) tryWrite(join(limit, 'memory.use_hierarchy'), '1');
  if (controllers.includes('cpuset')) fillCpuset(hierarchy.mountpoint, limit);
  if (controllers.includes('devices') && reduceRules(plan.devices).default === 'deny') denyByDefault(limit);
}

/**
 * The kernel takes `a` only while a cgroup has no children. So a container that will end up with
 * "all denied but ..." gets a list now on which everything stands, and applyDevices strikes that
 * off once /dev is made.
 */
function denyByDefault(limit: string): void {
  // Below a cgroup that denies by default we do so from the start, with the list of that one.
  if (readFile(join(limit, 'devices.list')) !== 'a *:* rwm') return;
  writeFile(join(limit, 'devices.deny'), 'a');
  for (const type of ['b', 'c']) writeFile(join(limit, 'devices.allow'), `${type} *:* rwm`);
}

/**
 * A v1 cpuset starts empty, and no process can enter it so: each level takes over what its parent
 * has.
 */
export function fillCpuset(mountpoint: string, directory: string): void {
  if (directory.length <= mountpoint.length) return;
  const parent = dirname(directory);
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (readFile(join(directory, file)) !== '') continue;
    let above = readFile(join(parent, file));
    if (above === '') {
      fillCpuset(mountpoint, parent);
      above = readFile(join(parent, file));
    }
    writeFile(join(directory, file), above ?? '');
  }
  // Those below start filled: the inner one, and what the guest makes.
  tryWrite(join(directory, 'cgroup.clone_children'), '1');
}

/** Files that the owner of a delegated v2 cgroup may write; newer kernels list them. */
const DELEGATED = ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'];

/**
 * Gives the inner cgroups (not those with the limits) to the container's root. Needed where that is
 * a mapped user; the files with limits stay the host's, also in the inner cgroup.
 */
export function delegate(plan: CgroupPlan, uid: number, gid: number): void {
  const listed = words(readFile('/sys/kernel/cgroup/delegate') ?? '').filter((name) => !name.includes('/'));
  for (const { version, inner } of plan.hierarchies) {
    const files = version === 1 ? ['tasks', 'cgroup.procs'] : listed.length > 0 ? listed : DELEGATED;
    chownSync(inner, uid, gid);
    chmodSync(inner, 0o775);
    for (const file of files) {
      try {
        chownSync(join(inner, file), uid, gid);
        chmodSync(join(inner, file), 0o664);
      } catch (error) {
        // A file of a controller that is not enabled here.
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
  }
}
