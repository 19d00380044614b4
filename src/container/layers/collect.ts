/** Removes unused layers. */
import { existsSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { layerId, layerOwner, layersDirectory, layersNamedIn } from '../../storage/layer-names.ts';
import { removeTree } from '../../storage/remove-tree.ts';
import { entriesOf, readIfThere } from '../../util/files.ts';
import { hiddenName, parseHiddenName } from '../state/hidden-name.ts';
import { lockLayers } from './lock-layers.ts';
import { unseenLxcpaths, usedLayers } from './references.ts';

/**
 * Removes the given layers (directories) that no config names. Callers give only layers below a
 * removed container or snapshot. `tslxc-config check` reports layers that are unused for another
 * reason.
 */
export async function collectLayers(candidates: Iterable<string>): Promise<void> {
  const layers = [...new Set(candidates)];
  for (const lxcpath of new Set(layers.map(layerOwner))) {
    const hidden = await hideUnused(
      lxcpath,
      layers.filter((layer) => layerOwner(layer) === lxcpath),
    );
    for (const path of hidden) await removeTree(path);
  }
}

async function hideUnused(lxcpath: string, layers: readonly string[]): Promise<string[]> {
  if (!layers.some((layer) => existsSync(layer))) return [];
  using _lock = await lockLayers(lxcpath);
  if (unseenLxcpaths(lxcpath).length > 0) return [];
  const used = usedLayers(lxcpath);
  return layers
    .filter((layer) => !used.has(layerId(layer)) && existsSync(layer))
    .map((layer) => {
      const hidden = join(dirname(layer), hiddenName(basename(layer), 'destroying'));
      renameSync(layer, hidden);
      return hidden;
    });
}

/**
 * The layers named by the configs in a directory: a container's with its snapshots, or a
 * snapshot's.
 */
export function layersBelow(directory: string): string[] {
  const snapshots = join(directory, 'snaps');
  const configs = [directory, ...entriesOf(snapshots).map((name) => join(snapshots, name))];
  return [...new Set(configs.flatMap((path) => layersNamedIn(readIfThere(join(path, 'config')) ?? '')))];
}

/**
 * Removes a directory that was renamed to a hidden name, and the layers that only this directory
 * used. Its config is removed last, so that the removal can be repeated from the start.
 */
export async function removeWithLayers(hidden: string): Promise<void> {
  await collectLayers(layersBelow(hidden));
  await removeTree(hidden);
}

/** Goes on with removals of layers that were killed. */
export async function sweepLayers(lxcpath: string): Promise<void> {
  const directory = layersDirectory(lxcpath);
  for (const entry of entriesOf(directory))
    if (parseHiddenName(entry)) await removeTree(join(directory, entry)).catch(() => undefined);
}
