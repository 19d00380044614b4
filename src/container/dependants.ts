/** Who would lose something if a container went away. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { snapshotNames } from './copies/snapshot-layout.ts';
import { type ContainerRef, containerDirectory } from './paths.ts';

/** @throws TslxcError HAS_DEPENDANTS naming the snapshots */
export function refuseSnapshots(ref: ContainerRef): void {
  const snapshots = snapshotNames(ref);
  if (snapshots.length === 0) return;
  throw new TslxcError({
    code: 'HAS_DEPENDANTS',
    container: ref.name,
    message: `it has ${snapshots.length === 1 ? 'a snapshot' : 'snapshots'}: ${snapshots.join(', ')}`,
    hint: 'destroy it together with its snapshots with -s',
  });
}

/** @throws TslxcError HAS_DEPENDANTS naming the clones */
export function refuseClones(ref: ContainerRef): void {
  const clones = clonesOf(ref);
  if (clones.length === 0) return;
  throw new TslxcError({
    code: 'HAS_DEPENDANTS',
    container: ref.name,
    message: `containers are clones of it: ${clones.join(', ')}`,
    hint: 'destroy these first',
  });
}

/**
 * LXC's list of the clones that share the root filesystem: pairs of lines, container directory and name. It is not kept
 * up to date by LXC in all cases, so those that are gone do not count.
 */
function clonesOf(ref: ContainerRef): string[] {
  let lines: string[];
  try {
    lines = readFileSync(join(containerDirectory(ref), 'lxc_snapshots'), 'utf8').split('\n');
  } catch {
    return [];
  }
  const clones: string[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    if (existsSync(join(lines[i]!, lines[i + 1]!, 'config'))) clones.push(lines[i + 1]!);
  }
  return clones;
}
