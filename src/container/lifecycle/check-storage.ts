/** Looks for what does not belong together in a container directory: our fsck. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isLayerId, layerId, layersDirectory, layerTree } from '../../storage/layer-names.ts';
import { directoriesIn } from '../../util/files.ts';
import { collectLayers } from '../layers/collect.ts';
import { layerUsers, unseenLxcpaths, usedLayers } from '../layers/references.ts';
import { layeringFile } from '../layers/seal.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { recoverContainer, restoreJournalFile } from '../recovery/recover.ts';
import { parseHiddenName } from '../state/hidden-name.ts';
import { lockContainer } from '../state/lock.ts';
import { isPartial } from '../state/partial-marker.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';

export interface StorageFault {
  readonly kind: 'unused-layer' | 'missing-layer' | 'half-done' | 'unseen-lxcpath';
  readonly path: string;
  /** A sentence. */
  readonly message: string;
  /** Whether `repair` can do something about it. */
  readonly repairable: boolean;
}

/**
 * @returns the faults in the storage of a container directory; empty if there are none. Unfinished
 *   work of running commands is no fault.
 */
export function checkStorage(lxcpath: string): StorageFault[] {
  return [...halfDone(lxcpath), ...unseen(lxcpath), ...missingLayers(lxcpath), ...unusedLayers(lxcpath)];
}

/**
 * Finishes or undoes interrupted operations, and removes unused layers.
 * @returns the remaining faults
 */
export async function repairStorage(lxcpath: string): Promise<StorageFault[]> {
  await sweepLeftovers(lxcpath);
  for (const name of directoriesIn(lxcpath)) {
    if (name.startsWith('.')) continue;
    try {
      using _lock = lockContainer({ name, lxcpath });
      await recoverContainer({ name, lxcpath });
    } catch {
      // At work, or beyond repair: the check that follows says so.
    }
  }
  await collectLayers(unusedLayers(lxcpath).map(({ path }) => path));
  return checkStorage(lxcpath);
}

function halfDone(lxcpath: string): StorageFault[] {
  const found: [path: string, what: string, ref: ContainerRef][] = [];
  for (const entry of directoriesIn(lxcpath)) {
    const hidden = parseHiddenName(entry);
    const ref = { name: hidden?.name ?? entry, lxcpath };
    if (hidden) found.push([join(lxcpath, entry), `what is left of ${hidden.name}`, ref]);
    if (hidden || entry.startsWith('.')) continue;
    if (isPartial(ref)) found.push([containerDirectory(ref), 'a container that is half made', ref]);
    for (const marker of [
      layeringFile(ref),
      restoreJournalFile(ref),
      join(containerDirectory(ref), 'renaming'),
    ])
      if (existsSync(marker)) found.push([marker, 'an operation that was interrupted', ref]);
    const snapshots = join(containerDirectory(ref), 'snaps');
    for (const snapshot of directoriesIn(snapshots))
      if (parseHiddenName(snapshot))
        found.push([join(snapshots, snapshot), 'what is left of a snapshot', ref]);
  }
  for (const entry of directoriesIn(layersDirectory(lxcpath)))
    if (parseHiddenName(entry))
      found.push([
        join(layersDirectory(lxcpath), entry),
        'what is left of a layer',
        { name: '.layers', lxcpath },
      ]);
  return found
    .filter(([, , ref]) => !isAtWork(ref))
    .map(([path, what]) => ({ kind: 'half-done', path, message: `${path} is ${what}`, repairable: true }));
}

function isAtWork(ref: ContainerRef): boolean {
  try {
    lockContainer(ref).release();
    return false;
  } catch {
    return true;
  }
}

function unseen(lxcpath: string): StorageFault[] {
  return unseenLxcpaths(lxcpath).map((path) => ({
    kind: 'unseen-lxcpath',
    path,
    message: `${path}, whose containers may stand on layers of ${lxcpath}, is not there; no layer is removed until it is, or until its line in ${join(layersDirectory(lxcpath), 'lxcpaths')} is removed`,
    repairable: false,
  }));
}

function missingLayers(lxcpath: string): StorageFault[] {
  return layerUsers(lxcpath).flatMap(({ name, layers }) =>
    layers
      .filter((layer) => !existsSync(layerTree(layer)))
      .map((layer) => ({
        kind: 'missing-layer' as const,
        path: layerTree(layer),
        message: `${name} stands on ${layerTree(layer)}, which is not there`,
        repairable: false,
      })),
  );
}

function unusedLayers(lxcpath: string): StorageFault[] {
  if (unseenLxcpaths(lxcpath).length > 0) return [];
  const layers = directoriesIn(layersDirectory(lxcpath)).filter(isLayerId);
  if (layers.length === 0) return [];
  const used = usedLayers(lxcpath);
  return layers
    .map((id) => join(layersDirectory(lxcpath), id))
    .filter((layer) => !used.has(layerId(layer)))
    .map((path) => ({
      kind: 'unused-layer',
      path,
      message: `no container or snapshot stands on the layer ${path}`,
      repairable: true,
    }));
}
