/**
 * Finds the containers and snapshots that would lose files if a container or a snapshot were
 * removed, by reading the configs. Layers do not count: a layer exists as long as it has a user.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readConfig } from '../../config/load-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import { otherLxcpaths } from '../layers/references.ts';
import { definedContainers } from '../state/list.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { snapshotNames, snapshotRef } from '../state/snapshot-layout.ts';

/** Types of volumes that stand on what their path names, or on nothing. */
const TELLING: ReadonlySet<string> = new Set(['dir', 'overlay', 'loop', 'btrfs']);

/** A container, or a snapshot `NAME/snapN`, that needs another one. */
export interface Dependant {
  readonly name: string;
  readonly lxcpath: string;
}

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

/**
 * @param what the container, or a snapshot of it
 * @throws TslxcError HAS_DEPENDANTS naming who needs its files
 */
export async function refuseDependants(ref: ContainerRef, what: ContainerRef = ref): Promise<void> {
  const dependants = await dependantsOf(what, ref.lxcpath);
  if (dependants.length === 0) return;
  const names = dependants.map(({ name, lxcpath }) => (lxcpath === ref.lxcpath ? name : join(lxcpath, name)));
  throw new TslxcError({
    code: 'HAS_DEPENDANTS',
    container: ref.name,
    message: `${what === ref ? 'its' : `the snapshot ${what.name}'s`} files are needed by ${names.join(', ')}`,
    hint: 'destroy these first, or give them files of their own: tslxc-copy -n NAME --flatten',
  });
}

/**
 * Containers and snapshots whose root filesystems stand on that of `ref`, except its own snapshots.
 */
export async function dependantsOf(ref: ContainerRef, lxcpath: string): Promise<Dependant[]> {
  const own = [containerDirectory(ref), volumeAt(ref)?.path].filter((path) => path !== undefined);
  const listed = listedByLxc(ref);
  const paths = new Set([lxcpath, ...otherLxcpaths(lxcpath), ...listed.map((clone) => clone.lxcpath)]);
  const found: Dependant[] = [];
  for (const place of paths)
    for (const candidate of everyone(place)) {
      if (containerDirectory(candidate).startsWith(`${own[0]}/`) || containerDirectory(candidate) === own[0])
        continue;
      if (await standsOn(candidate, own, listed)) found.push(asDependant(candidate, place));
    }
  return found;
}

/** The containers of a directory and all their snapshots. */
function everyone(lxcpath: string): ContainerRef[] {
  return definedContainers(lxcpath).flatMap((name) => {
    const ref = { name, lxcpath };
    return [ref, ...snapshotNames(ref).map((snapshot) => snapshotRef(ref, snapshot))];
  });
}

function asDependant(ref: ContainerRef, lxcpath: string): Dependant {
  // A snapshot's directory is LXCPATH/NAME/snaps/snapN.
  const of = ref.lxcpath === lxcpath ? '' : `${dirname(ref.lxcpath).slice(lxcpath.length + 1)}/`;
  return { name: `${of}${ref.name}`, lxcpath };
}

async function standsOn(
  ref: ContainerRef,
  own: readonly string[],
  listed: readonly ContainerRef[],
): Promise<boolean> {
  const isListed = listed.some(({ name, lxcpath }) => name === ref.name && lxcpath === ref.lxcpath);
  const volume = volumeAt(ref);
  if (!volume) return isListed;
  const shared = await storeOf(volume)
    .sharesWith(volume)
    .catch(() => []);
  if (shared.some((path) => own.some((mine) => path === mine || path.startsWith(`${mine}/`)))) return true;
  // What LXC has written down counts where the volume itself cannot tell.
  return isListed && !TELLING.has(volume.type);
}

function volumeAt(ref: ContainerRef): Volume | undefined {
  try {
    const setting = readConfig(configFile(ref), { name: ref.name }).config.get('lxc.rootfs.path');
    return setting && volumeOf(setting.value);
  } catch {
    return undefined;
  }
}

/**
 * `lxc_snapshots`: LXC's list of clones, pairs of lines, container directory and name. Those that
 * are gone do not count.
 */
function listedByLxc(ref: ContainerRef): ContainerRef[] {
  let lines: string[];
  try {
    lines = readFileSync(join(containerDirectory(ref), 'lxc_snapshots'), 'utf8').split('\n');
  } catch {
    return [];
  }
  const clones: ContainerRef[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const clone = { lxcpath: lines[i]!, name: lines[i + 1]! };
    if (clone.lxcpath.startsWith('/') && existsSync(configFile(clone))) clones.push(clone);
  }
  return clones;
}
