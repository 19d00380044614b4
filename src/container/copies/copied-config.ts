/**
 * The config of a copy: what names the original's place or identity is changed, everything else
 * stays as written.
 */
import { lstatSync } from 'node:fs';
import { ConfigDocument } from '../../config/config-document.ts';
import { readDocument } from '../../config/document-file.ts';
import { resolveMac } from '../../network/mac-address.ts';
import { formatVolume, type Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import { type Moves, movePaths } from '../rootfs/move-paths.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';

export interface ConfigCopy {
  readonly from: ContainerRef;
  readonly to: ContainerRef;
  /** Directories of the original's root filesystem and what they are for the copy. */
  readonly moves: Moves;
  /** The root filesystem of the copy; undefined when it has none. */
  readonly volume: Volume | undefined;
  /** Bytes that were asked for. */
  readonly size?: number | undefined;
  /** Whether the host name becomes that of the copy. */
  readonly newName: boolean;
  /** Whether its nics get MAC addresses of their own. */
  readonly newMac: boolean;
  /** Added at the end, or in the place of what was set before. */
  readonly settings?: readonly (readonly [key: string, value: string])[];
}

export interface CopiedConfig {
  readonly document: ConfigDocument;
  /** Files in the original's directory that the config names and the copy needs, relative to it. */
  readonly files: readonly string[];
}

/** Keys whose value starts with a file that goes with the container when it is in its directory. */
const FILE_KEYS = /^lxc\.(hook\.[a-z-]+|mount\.fstab|mount|include|seccomp\.profile|seccomp)$/;
/** Keys that name files which the copy makes for itself. */
const OWN_KEYS = /^lxc\.(log\.file|logfile|console\.logfile|console\.path)$/;

export function copiedConfig(copy: ConfigCopy): CopiedConfig {
  const document = ConfigDocument.parse(readDocument(configFile(copy.from)).toString());
  const files = new Set<string>();
  const [oldPlace, newPlace] = [containerDirectory(copy.from), containerDirectory(copy.to)];
  for (const setting of document.settings()) {
    const file = FILE_KEYS.test(setting.key) ? fileBelow(oldPlace, setting.value) : undefined;
    if (file !== undefined) files.add(file);
    const goesAlong = file !== undefined || OWN_KEYS.test(setting.key);
    const moves: Moves = goesAlong ? [...copy.moves, [oldPlace, newPlace]] : copy.moves;
    const value = movePaths(setting.value, moves);
    if (value !== setting.value) document.rewriteLine(setting, setting.key, value);
  }
  changeIdentity(document, { ...copy, newName: copy.newName ? copy.to.name : undefined });
  if (copy.volume) changeSize(document, copy.volume, copy.size);
  for (const [key, value] of copy.settings ?? []) document.append(key, value);
  return { document, files: [...files] };
}

export interface NewIdentity {
  /** The root filesystem; undefined when there is none. */
  readonly volume: Volume | undefined;
  /** Host name; undefined for the one that the config has. */
  readonly newName: string | undefined;
  readonly newMac: boolean;
}

export function changeIdentity(document: ConfigDocument, { volume, newName, newMac }: NewIdentity): void {
  if (newMac)
    for (const setting of document.settings())
      if (/^lxc\.net(\.\d+|work(\.\d+)?)\.hwaddr$/.test(setting.key))
        document.rewriteLine(setting, setting.key, freshMac(setting.value));
  if (volume !== undefined) {
    for (const key of ['lxc.rootfs', 'lxc.rootfs.backend']) document.remove(key);
    document.set('lxc.rootfs.path', formatVolume(volume));
  }
  if (newName === undefined) return;
  document.remove('lxc.utsname');
  document.set('lxc.uts.name', newName);
}

/**
 * `size`: what was asked for, undefined for the original's. A device or image has its own, and
 * needs no line.
 */
function changeSize(document: ConfigDocument, volume: Volume, size: number | undefined): void {
  if (storeOf(volume).hasFilesystem) document.remove('lxc.rootfs.size');
  else if (size !== undefined) document.set('lxc.rootfs.size', String(size));
}

/** The first word of a value, when it is a plain file below the directory; relative to it. */
function fileBelow(directory: string, value: string): string | undefined {
  const [word = ''] = value.split(/\s/);
  if (!word.startsWith(`${directory}/`) || word.split('/').includes('..')) return undefined;
  if (word === `${directory}/config`) return undefined;
  return lstatSync(word, { throwIfNoEntry: false })?.isFile() ? word.slice(directory.length + 1) : undefined;
}

/** Another address of the same maker. */
function freshMac(value: string): string {
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(value) ? resolveMac(`${value.slice(0, 8)}:xx:xx:xx`) : value;
}
