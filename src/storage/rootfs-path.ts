/** The value of `lxc.rootfs.path`: a type of storage and where it is. */
import { lstatSync } from 'node:fs';
import { type RootfsPath, rootfsPath, type StorageType } from '../config/values/rootfs.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { isSubvolume } from './subvolumes.ts';

export type VolumeType = Exclude<StorageType, 'overlayfs'>;

/** A root filesystem: its type is known. */
export interface Volume {
  readonly type: VolumeType;
  readonly path: string;
}

/** What a config's `lxc.rootfs.path` names; without a type it is found out by looking. */
export function volumeOf(value: string | RootfsPath): Volume {
  const parsed = typeof value === 'string' ? rootfsPath.parse(value, { env: {} }) : value;
  return { type: parsed.storage ?? detect(parsed.path), path: trimSlashes(parsed.path) };
}

/** The text for the config. */
export function formatVolume(volume: Volume): string {
  if (/[\x00-\x1f\x7f]/.test(volume.path)) {
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      message: `${JSON.stringify(volume.path)} has a control character in it`,
    });
  }
  return `${volume.type}:${volume.path}`;
}

function detect(path: string): VolumeType {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isBlockDevice()) return path.startsWith('/dev/rbd/') ? 'rbd' : 'lvm';
  if (stat?.isFile()) return 'loop';
  if (isSubvolume(path)) return 'btrfs';
  // A dataset has no leading slash.
  return path.startsWith('/') ? 'dir' : 'zfs';
}

function trimSlashes(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}
