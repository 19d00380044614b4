/**
 * Who stands on which layer: found by reading the configs, each time. There is no list beside them
 * that could say something else; `lxcpaths` only tells where else to look.
 */
import { appendFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readConfig } from '../../config/load-config.ts';
import { layerId, layersDirectory, layersNamedIn } from '../../storage/layer-names.ts';
import { entriesOf, readIfThere } from '../../util/files.ts';
import { parseHiddenName } from '../state/hidden-name.ts';
import { containerRunDirectory } from '../state/paths.ts';
import { liveRecord } from '../state/runtime-record.ts';

/** A container or a snapshot that names layers. */
export interface LayerUser {
  readonly name: string;
  /** Directory with its config. */
  readonly directory: string;
  /** The layers that it names, as directories. */
  readonly layers: readonly string[];
}

/** Files that may name a layer: the config, and what an interrupted command has noted. */
const FILES = ['config', 'layering', 'restoring'] as const;

/**
 * Notes that containers of another directory stand on layers of this one. The caller holds the lock
 * of the layers.
 */
export function noteOtherLxcpath(lxcpath: string, other: string): void {
  if (other === lxcpath || isForSnapshots(lxcpath, other) || otherLxcpaths(lxcpath).includes(other)) return;
  mkdirSync(layersDirectory(lxcpath), { recursive: true, mode: 0o700 });
  appendFileSync(join(layersDirectory(lxcpath), 'lxcpaths'), `${other}\n`, { mode: 0o600 });
}

/** Snapshots are looked at with their containers. */
function isForSnapshots(lxcpath: string, other: string): boolean {
  return (
    dirname(other) === `${lxcpath}snaps` ||
    (basename(other) === 'snaps' && dirname(dirname(other)) === lxcpath)
  );
}

/** Other container directories whose containers may stand on layers of this one. */
export function otherLxcpaths(lxcpath: string): string[] {
  return (readIfThere(join(layersDirectory(lxcpath), 'lxcpaths')) ?? '').split('\n').filter(Boolean);
}

/**
 * Those that cannot be looked at now: a filesystem that is not mounted, say. Nothing may be taken
 * for unused then.
 */
export function unseenLxcpaths(lxcpath: string): string[] {
  return otherLxcpaths(lxcpath).filter((path) => !existsSync(path));
}

/**
 * All users of layers in `lxcpath` and in the directories noted there. A container that is being
 * destroyed does not count.
 */
export function layerUsers(lxcpath: string): LayerUser[] {
  return [lxcpath, ...otherLxcpaths(lxcpath)].flatMap(usersIn);
}

function usersIn(lxcpath: string): LayerUser[] {
  return [
    ...directories(lxcpath).flatMap((name) => {
      const directory = join(lxcpath, name);
      const snapshots = join(directory, 'snaps');
      const own = userAt(name, directory, lxcpath);
      return [
        own,
        ...directories(snapshots).map((snapshot) => userAt(`${name}/${snapshot}`, join(snapshots, snapshot))),
      ];
    }),
    ...directories(`${lxcpath}snaps`).flatMap((name) =>
      directories(join(`${lxcpath}snaps`, name)).map((snapshot) =>
        userAt(`${name}/${snapshot}`, join(`${lxcpath}snaps`, name, snapshot)),
      ),
    ),
  ].filter(({ layers }) => layers.length > 0);
}

function userAt(name: string, directory: string, lxcpath?: string): LayerUser {
  const texts = FILES.map((file) => readIfThere(join(directory, file)) ?? '');
  if (/^\s*lxc\.include\b/m.test(texts[0]!)) texts.push(includedRootfs(join(directory, 'config'), name));
  // A running container keeps the layers it was started on, even if its config has changed.
  if (lxcpath !== undefined && liveRecord({ name, lxcpath }))
    texts.push(readIfThere(join(containerRunDirectory({ name, lxcpath }), 'plan.json')) ?? '');
  return { name, directory, layers: layersNamedIn(texts.join('\n')) };
}

function includedRootfs(file: string, name: string): string {
  try {
    return readConfig(file, { name }).config.get('lxc.rootfs.path')?.value.path ?? '';
  } catch {
    return '';
  }
}

/** The ids of the layers that are in use. */
export function usedLayers(lxcpath: string): Set<string> {
  return new Set(layerUsers(lxcpath).flatMap(({ layers }) => layers.map(layerId)));
}

function directories(path: string): string[] {
  return entriesOf(path).filter(
    (name) => parseHiddenName(name)?.purpose !== 'destroying' && leadsToDirectory(join(path, name)),
  );
}

/** A container's directory may be a link to one. */
function leadsToDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
