import { mkdirSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, readFile, tryWrite, writable, writeFile } from './files.ts';
import { type CgroupLayout, detectLayout, type Hierarchy, MONITOR } from './layout.ts';

export interface MonitorCgroup {
  /** Directories that the calling process is in now. */
  readonly entered: readonly string[];
  /** Hierarchies where it stayed, with the reason. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Where the manager's processes go: beside the containers, so that a limit on the caller's session
 * or on a container that starts another does not bind them. A service manager keeps track of us by
 * our cgroup: then we stay below it.
 */
function directoryOf(hierarchy: Hierarchy): string | undefined {
  const own = join(hierarchy.mountpoint, hierarchy.own);
  if (basename(own).endsWith('.service')) return undefined;
  return [hierarchy.mountpoint, own].filter(writable).map((base) => join(base, MONITOR))[0];
}

function fillCpuset(directory: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    if (readFile(join(directory, file)) === '')
      writeFile(join(directory, file), readFile(join(dirname(directory), file)) ?? '');
}

/** Moves the calling process into `tslxc.monitor`; what it may not do is told and does no harm. */
export function enterMonitorCgroup(layout: CgroupLayout = detectLayout()): MonitorCgroup {
  const entered: string[] = [];
  const skipped: { id: string; reason: string }[] = [];
  for (const hierarchy of layout.hierarchies) {
    const directory = directoryOf(hierarchy);
    if (directory === undefined) {
      skipped.push({
        id: hierarchy.id,
        reason: 'the service manager has put us where we are, or it is not writable',
      });
      continue;
    }
    try {
      mkdirSync(directory, { recursive: true });
      if (hierarchy.version === 1 && hierarchy.controllers.includes('cpuset')) fillCpuset(directory);
      writeFile(join(directory, 'cgroup.procs'), '0');
      entered.push(directory);
    } catch (error) {
      skipped.push({ id: hierarchy.id, reason: `${directory}: ${errnoOf(error)}` });
      tryRemove(directory);
    }
  }
  return { entered, skipped };
}

function tryRemove(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Others of our processes are in it, or it is not there: the last one to leave removes it.
  }
}

/** Those of the calling process, if it was born in them. */
export function ownMonitorCgroup(layout: CgroupLayout = detectLayout()): Pick<MonitorCgroup, 'entered'> {
  const own = layout.hierarchies.map((hierarchy) => join(hierarchy.mountpoint, hierarchy.own));
  return { entered: own.filter((directory) => basename(directory) === MONITOR) };
}

/** At the end: the calling process goes up again, and the cgroup goes if it was the last. */
export function leaveAndRemoveMonitorCgroup({ entered }: Pick<MonitorCgroup, 'entered'>): void {
  for (const directory of entered) {
    tryWrite(join(dirname(directory), 'cgroup.procs'), '0');
    tryRemove(directory);
  }
}
