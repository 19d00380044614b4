import { chmodSync, existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore } from './backing-store.ts';
import { limitSubvolume, subvolumeUsage } from './btrfs-quota.ts';
import { filesystemIsThere } from './host-filesystems.ts';
import { mountedDirectory } from './mounted-volume.ts';
import { removeTree } from './remove-tree.ts';
import { btrfs, isOnBtrfs, isSubvolume, snapshotSubvolumes } from './subvolumes.ts';

/** A root filesystem as a btrfs subvolume, `rootfs` in the container's directory. */
export const btrfsStore: BackingStore = {
  type: 'btrfs',
  canSnapshotClone: true,
  inDirectory: true,
  hasFilesystem: false,
  async check({ directory }) {
    const place = firstThere(directory);
    if (isOnBtrfs(place)) {
      await btrfs('--version');
      return;
    }
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: filesystemIsThere('btrfs')
        ? `${place} is not on a btrfs filesystem`
        : 'the kernel of this host has no btrfs',
      hint: 'take another backing store, or a container directory on btrfs with -P',
    });
  },
  at: ({ directory }) => ({ type: 'btrfs', path: join(directory, 'rootfs') }),
  async create({ path }, { size } = {}) {
    await btrfs('subvolume', 'create', path);
    chmodSync(path, 0o755);
    if (size !== undefined) await limitSubvolume(path, size);
  },
  mount: async ({ path }) => mountedDirectory(path),
  async snapshotClone(from, to, { size } = {}) {
    await snapshotSubvolumes(from.path, to.path);
    if (size !== undefined) await limitSubvolume(to.path, size);
  },
  rename: async (from, to) => renameSync(from.path, to.path),
  remove: ({ path }) => removeTree(path),
  exists: async ({ path }) => isSubvolume(path),
  // A snapshot stands on its own.
  sharesWith: async () => [],
  usage: ({ path }) => subvolumeUsage(path),
  resize: ({ path }, size) => limitSubvolume(path, size),
};

/** The container's directory is not there yet when a place is looked at. */
export function firstThere(path: string): string {
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  return there;
}
