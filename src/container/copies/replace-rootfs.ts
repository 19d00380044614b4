/** Puts a new root filesystem, config and files in the place of a container's present ones. */

import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readConfig } from '../../config/load-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { layersNamedIn } from '../../storage/layer-names.ts';
import { splitOverlay } from '../../storage/overlay-path.ts';
import { refuseMounts } from '../../storage/remove-tree.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { volumeOf } from '../../storage/rootfs-path.ts';
import { isElsewhere, storeOf } from '../../storage/stores.ts';
import { isThere } from '../../util/files.ts';
import { hideRootfs } from '../layers/show-rootfs.ts';
import { finishRestore, type RestoreJournal, restoreJournalFile } from '../recovery/recover.ts';
import { ownVolume } from '../rootfs/own-volumes.ts';
import { placesOf, refuseLinks } from '../rootfs/refuse-links.ts';
import { ownRootfsOutside } from '../rootfs/rootfs-owner.ts';
import type { Swap } from '../rootfs/swap.ts';
import { hiddenName } from '../state/hidden-name.ts';
import { writeMarker } from '../state/marker-file.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { snapshotNames, snapshotRef } from '../state/snapshot-layout.ts';
import type { DirectoryPlace, VolumePair } from './copy-rootfs.ts';

export interface Replacement extends RestoreJournal {
  /**
   * Where a root filesystem goes that the user wanted to have outside the container's directory.
   */
  readonly outside?: DirectoryPlace;
  /**
   * The new root filesystem when it lies in no directory: as it is made, and as it is called in the
   * end.
   */
  readonly volumes?: VolumePair;
}

/**
 * @param source what the new root filesystem is made of, when it is of the same type
 * @throws TslxcError STORAGE when something is mounted where things are to be replaced
 */
export function planReplacement(ref: ContainerRef, source?: Volume): Replacement {
  const directory = containerDirectory(ref);
  refuseMounts(directory);
  // A config that has been spoilt since is a reason to restore: its faults are passed over.
  const { config } = readConfig(configFile(ref), { name: ref.name });
  const outside = ownRootfsOutside(ref, config);
  refuseLinks(ref, [...placesOf(ref).slice(1), ...(outside ? [outside.path] : [])]);
  const journal: RestoreJournal = {
    phase: 'building',
    build: join(directory, hiddenName('config', 'restoring')),
    files: [],
    swaps: [],
    layers: layersNamedIn(readFileSync(configFile(ref), 'utf8')),
  };
  const present = ownVolume(configFile(ref));
  if (source && isElsewhere(source)) {
    const volumes = volumesInPlace(ref, present ?? source);
    const [fresh, target] = [volumes.build.path, volumes.final.path];
    return {
      ...journal,
      volumes,
      swaps: [{ type: source.type, target, fresh, old: `${target}.replaced` }, ...goes(present, target)],
    };
  }
  if (present) return { ...journal, swaps: goes(present) };
  if (outside?.type !== 'dir') return journal;
  refuseMounts(outside.path);
  const place = { path: outside.path, build: beside(outside.path, 'restoring') };
  return {
    ...journal,
    outside: place,
    swaps: [{ target: place.path, fresh: place.build, old: old(place.path) }],
  };
}

/** Beside the present one or the snapshot: a rename does not leave a group or pool. */
function volumesInPlace(ref: ContainerRef, beside: Volume): VolumePair {
  const at = (name: string) => storeOf(beside).at({ directory: containerDirectory(ref), name, beside });
  return { build: at(`${ref.name}.restoring`), final: at(ref.name) };
}

/**
 * Whether the present volume is removed: no volume takes its place if the new one has another name
 * or type.
 */
function goes(present: Volume | undefined, replaced?: string): Swap[] {
  if (!present || present.path === replaced) return [];
  return [{ type: present.type, target: present.path, old: `${present.path}.replaced` }];
}

/** What has to change places so that the container stands on `volume`, which was built. */
export function swapsFor(ref: ContainerRef, plan: Replacement, volume: Volume | undefined): Swap[] {
  const directory = containerDirectory(ref);
  const built = ['rootfs', 'overlay', 'rootdev'].filter((name) => isThere(join(plan.build, name)));
  const swaps: Swap[] = built.map((name) => {
    const target = join(directory, name);
    return { target, fresh: join(plan.build, name), old: old(target) };
  });
  const replaced = [...swaps, ...plan.swaps].map(({ target }) => target);
  // Without a root filesystem in the new config, the present one would have no owner.
  for (const path of presentPlaces(ref))
    if (path !== volume?.path && !replaced.some((target) => path === target || path.startsWith(`${target}/`)))
      swaps.push({ target: path, old: old(path) });
  for (const { target } of swaps) refuseNeeded(ref, target);
  return [...plan.swaps, ...swaps];
}

/** @throws TslxcError HAS_DEPENDANTS where a snapshot stands on the directory that would go */
function refuseNeeded(ref: ContainerRef, target: string): void {
  const needed = snapshotNames(ref).filter((name) => {
    const { config } = readConfig(configFile(snapshotRef(ref, name)));
    const volume = config.get('lxc.rootfs.path');
    const lowers = volume && splitOverlay(volumeOf(volume.value).path)?.lowers;
    return lowers?.some((lower) => lower === target || lower.startsWith(`${target}/`));
  });
  if (needed.length > 0)
    throw new TslxcError({
      code: 'HAS_DEPENDANTS',
      container: ref.name,
      message: `${target} is needed by ${needed.join(', ')}`,
      hint: 'make a container of it with tslxc-snapshot -r SNAPSHOT -N NEWNAME, or destroy these snapshots first',
    });
}

/** Directories in the container's own that hold its present root filesystem. */
function presentPlaces(ref: ContainerRef): string[] {
  const { config } = readConfig(configFile(ref), { name: ref.name });
  const setting = config.get('lxc.rootfs.path');
  if (!setting) return [];
  const directory = containerDirectory(ref);
  const volume = volumeOf(setting.value);
  if (isElsewhere(volume)) return [];
  const upper = volume.type === 'overlay' ? splitOverlay(volume.path)?.upper : undefined;
  const path = upper === join(directory, 'overlay', 'delta') ? dirname(upper) : (upper ?? volume.path);
  return path.startsWith(`${directory}/`) && isThere(path) ? [path] : [];
}

/** From here on a kill ends with the new one. */
export async function decideReplacement(ref: ContainerRef, journal: RestoreJournal): Promise<void> {
  const { build, files, swaps, layers } = journal;
  for (const { target, type } of swaps) if (type === undefined) refuseMounts(target);
  // Here it can still be refused.
  hideRootfs(ref);
  // Folders of hook scripts that have been removed since.
  for (const file of files)
    mkdirSync(dirname(join(containerDirectory(ref), file)), { recursive: true, mode: 0o700 });
  const complete: RestoreJournal = { phase: 'swapping', build, files, swaps, layers };
  const decided = join(build, 'journal');
  writeMarker(decided, complete);
  renameSync(decided, restoreJournalFile(ref));
  await finishRestore(ref, complete);
}

function beside(path: string, purpose: 'restoring' | 'replaced'): string {
  return join(dirname(path), hiddenName(basename(path), purpose));
}

function old(path: string): string {
  return beside(path, 'replaced');
}
