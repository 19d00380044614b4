/**
 * Makes a read-only layer of what a stopped container has written, by renaming: the cost is the
 * same for any size. A plain directory becomes a layer as it is; the upper directory of an overlay
 * becomes one on top of those below it.
 *
 * A marker in the container's directory, written first, lets the next command finish or undo it:
 * once the config names the new layer everything is done, before that the files are put back.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readDocument, saveDocument } from '../../config/document-file.ts';
import {
  layerId,
  layersDirectory,
  layersNamedIn,
  layerTree,
  newLayer,
  unlistable,
} from '../../storage/layer-names.ts';
import { joinOverlay, splitOverlay } from '../../storage/overlay-path.ts';
import { formatVolume, type Volume } from '../../storage/rootfs-path.ts';
import { linkToView } from '../../storage/rootfs-view.ts';
import { isThere } from '../../util/files.ts';
import { readMarker, writeMarker } from '../state/marker-file.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import {
  isEmptyUpper,
  isPlaceholder,
  makeUpper,
  removeEmptyUpper,
  removePlaceholder,
  upperIn,
} from './overlay-directory.ts';
import { hideRootfs } from './show-rootfs.ts';

/** `NAME/layering`. */
interface Layering {
  readonly layer: string;
  /** What becomes the layer: a root filesystem or an upper directory. */
  readonly from: string;
  readonly kind: 'rootfs' | 'upper';
}

export function layeringFile(ref: ContainerRef): string {
  return join(containerDirectory(ref), 'layering');
}

/**
 * Why `sealLayer` cannot do it, as the end of a sentence about the root filesystem; undefined
 * where it can: the files are the container's own, and a rename takes them to the layers of
 * `lxcpath`.
 */
export function whyNotSeal(ref: ContainerRef, volume: Volume, lxcpath: string): string | undefined {
  const from = volume.type === 'dir' ? volume.path : splitOverlay(volume.path)?.upper;
  if (from === undefined || (volume.type !== 'dir' && volume.type !== 'overlay'))
    return `is of type ${volume.type}`;
  for (const folder of [lxcpath, containerDirectory(ref)]) {
    const character = unlistable(folder);
    if (character !== undefined)
      return `lies below ${folder}, which has ${character} in its name: a list of layers cannot hold that`;
  }
  if (!from.startsWith(`${containerDirectory(ref)}/`)) return "lies outside the container's directory";
  const stat = lstatSync(from, { throwIfNoEntry: false });
  if (!stat) return 'is not there';
  if (stat.isSymbolicLink()) return 'is a symbolic link';
  if (!stat.isDirectory()) return 'is no directory';
  if (stat.dev !== statSync(lxcpath).dev) return `is on another filesystem than ${lxcpath}`;
  return undefined;
}

/**
 * @param lxcpath the container directory whose layers it joins
 * @returns the layers that the container stands on now, the topmost first. The caller holds the
 *   container's lock and that of the layers, the container is stopped, and its files are to be
 *   shown again in any case.
 */
export function sealLayer(ref: ContainerRef, volume: Volume, lxcpath: string): readonly string[] {
  const overlay = volume.type === 'overlay' ? splitOverlay(volume.path) : undefined;
  if (overlay && isEmptyUpper(overlay.upper)) return overlay.lowers;
  const layer = newLayer(lxcpath);
  const layering: Layering = overlay
    ? { layer, from: overlay.upper, kind: 'upper' }
    : { layer, from: volume.path, kind: 'rootfs' };
  const marker = layeringFile(ref);
  rmSync(marker, { force: true });
  writeMarker(marker, layering);
  try {
    mkdirSync(layersDirectory(lxcpath), { recursive: true, mode: 0o700 });
    mkdirSync(layer, { mode: 0o755 });
    writeFileSync(
      join(layer, 'layer.json'),
      `${JSON.stringify({ version: 1, of: ref.name, made: new Date() })}\n`,
    );
    // What the host writes from here on goes to the new upper directory.
    if (overlay) hideRootfs(ref);
    renameSync(layering.from, layerTree(layer));
    const lowers = [layerTree(layer), ...(overlay?.lowers ?? [])];
    const upper = overlay?.upper ?? upperIn(containerDirectory(ref));
    makeUpper(upper, layerTree(layer));
    if (!overlay) leadToFiles(ref, volume.path);
    const document = readDocument(configFile(ref));
    for (const key of ['lxc.rootfs', 'lxc.rootfs.backend']) document.remove(key);
    document.set('lxc.rootfs.path', formatVolume({ type: 'overlay', path: joinOverlay({ lowers, upper }) }));
    saveDocument(configFile(ref), document);
    rmSync(marker);
    return lowers;
  } catch (error) {
    undo(ref, layering);
    throw error;
  }
}

/**
 * Ends what a seal that was killed has begun. The caller holds the container's lock, and shows the
 * files again.
 */
export function recoverSeal(ref: ContainerRef): void {
  const marker = readMarker<Layering>(layeringFile(ref));
  if (!marker) return;
  const { layer, from, kind } = marker;
  const named = () => layersNamedIn(readFileSync(configFile(ref), 'utf8')).map(layerId);
  // Cut off while the marker was being written: nothing had been done.
  if (layer === undefined || from === undefined || kind === undefined || named().includes(layerId(layer)))
    rmSync(layeringFile(ref), { force: true });
  else undo(ref, { layer, from, kind });
}

function undo(ref: ContainerRef, { layer, from, kind }: Layering): void {
  const tree = layerTree(layer);
  if (isThere(tree)) {
    if (kind === 'upper') removeEmptyUpper(from);
    else {
      for (const link of new Set([from, join(containerDirectory(ref), 'rootfs')]))
        if (isPlaceholder(link)) removePlaceholder(link);
      const upper = upperIn(containerDirectory(ref));
      removeEmptyUpper(upper);
      rmSync(dirname(upper), { recursive: true, force: true });
    }
    renameSync(tree, from);
  }
  rmSync(layer, { recursive: true, force: true });
  rmSync(layeringFile(ref), { force: true });
}

/** Links the old path to the view of the files: the layer, and the changes above it. */
function leadToFiles(ref: ContainerRef, path: string): void {
  const directory = containerDirectory(ref);
  for (const link of new Set([path, join(directory, 'rootfs')]))
    if (!isThere(link)) linkToView(link, directory);
}
