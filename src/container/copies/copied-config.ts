/** The config of a copy: what names the original's place or identity is changed, everything else stays as written. */
import { lstatSync } from 'node:fs';
import { ConfigDocument } from '../../config/config-document.ts';
import { readDocument } from '../../config/document-file.ts';
import { resolveMac } from '../../network/mac-address.ts';
import { formatVolume, type VolumeType } from '../../storage/rootfs-path.ts';
import { type ContainerRef, configFile, containerDirectory } from '../paths.ts';

export interface ConfigCopy {
  readonly from: ContainerRef;
  readonly to: ContainerRef;
  /** Root filesystem of the original; undefined when it has none. */
  readonly oldRootfs: string | undefined;
  /** That of the copy. */
  readonly newRootfs: string | undefined;
  readonly type?: VolumeType | undefined;
  /** A container of its own: it gets its own host name and MAC addresses. */
  readonly newIdentity: boolean;
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
  const rootfsMoves: Moves =
    copy.oldRootfs !== undefined && copy.newRootfs !== undefined ? [[copy.oldRootfs, copy.newRootfs]] : [];
  for (const setting of document.settings()) {
    const file = FILE_KEYS.test(setting.key) ? fileBelow(oldPlace, setting.value) : undefined;
    if (file !== undefined) files.add(file);
    const goesAlong = file !== undefined || OWN_KEYS.test(setting.key);
    let value = movePaths(setting.value, goesAlong ? [...rootfsMoves, [oldPlace, newPlace]] : rootfsMoves);
    if (copy.newIdentity && /^lxc\.net(\.\d+|work(\.\d+)?)\.hwaddr$/.test(setting.key))
      value = freshMac(value);
    if (value !== setting.value) document.rewriteLine(setting, setting.key, value);
  }
  if (copy.newRootfs !== undefined) {
    for (const key of ['lxc.rootfs', 'lxc.rootfs.backend']) document.remove(key);
    document.set('lxc.rootfs.path', formatVolume({ type: copy.type ?? 'dir', path: copy.newRootfs }));
  }
  if (copy.newIdentity) {
    document.remove('lxc.utsname');
    document.set('lxc.uts.name', copy.to.name);
  }
  return { document, files: [...files] };
}

/** Directories and what they become, the inner ones before those that they are in. */
type Moves = readonly (readonly [from: string, to: string])[];

/** Replaces directories where a path in the text is one of them or is below it. */
export function movePaths(text: string, moves: Moves): string {
  if (moves.length === 0) return text;
  const places = moves.map(([from]) => from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  // In one pass: a new place may lie below an old one.
  const path = new RegExp(`(?<=^|[\\s"'=:,])(?:${places})(?=$|[/\\s"',:])`, 'gm');
  return text.replace(path, (found) => moves.find(([from]) => from === found)![1]);
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
