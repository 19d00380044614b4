/**
 * Layers: root filesystems that several containers share, each at `LXCPATH/.layers/ID/fs`. A layer
 * is never written to. A container or snapshot on a layer names it in its config, `lxc.rootfs.path
 * = overlay:LAYER:…:UPPER`. Owners in a layer are those that the container sees (ids are mapped at
 * the mount), so privileged and mapped containers can share it.
 */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

const FOLDER = '.layers';
const NAMED = /\/\.layers\/[0-9a-f]{16}(?![0-9a-f])/g;

/** Where the layers of a container directory are. */
export function layersDirectory(lxcpath: string): string {
  return join(lxcpath, FOLDER);
}

/** The directory of a new layer, with a unique name. */
export function newLayer(lxcpath: string): string {
  return join(layersDirectory(lxcpath), randomBytes(8).toString('hex'));
}

/** The files of a layer, as a config names them. */
export function layerTree(layer: string): string {
  return join(layer, 'fs');
}

/** The container directory that a layer belongs to. */
export function layerOwner(layer: string): string {
  return dirname(dirname(layer));
}

export function layerId(layer: string): string {
  return basename(layer);
}

export function isLayerId(entry: string): boolean {
  return /^[0-9a-f]{16}$/.test(entry);
}

/**
 * The layers (their directories) that a text names, each once. A line that is commented out counts:
 * it may come back.
 */
export function layersNamedIn(text: string): string[] {
  return [...new Set(text.split(/[:"\n]/).flatMap(namedInPart))];
}

function namedInPart(part: string): string[] {
  let start = 0;
  return [...part.matchAll(NAMED)].map(({ 0: found, index }) => {
    const from = part.indexOf('/', start);
    start = index + found.length;
    return part.slice(from, start);
  });
}

/** Characters of a path that end it in a list of layers, or would need an escape there. */
const NOT_IN_LIST: readonly (readonly [RegExp, string])[] = [
  [/:/, 'a colon'],
  [/\\/, 'a backslash'],
  [/"/, 'a quotation mark'],
  [/[\x00-\x1f\x7f]/, 'a control character'],
];

/**
 * What in a path keeps it from being named in `lxc.rootfs.path = overlay:…`; undefined for nothing.
 */
export function unlistable(path: string): string | undefined {
  return NOT_IN_LIST.find(([character]) => character.test(path))?.[1];
}
