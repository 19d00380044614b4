import { chmodSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore } from './backing-store.ts';
import { mountedDirectory } from './mounted-volume.ts';
import { removeTree } from './remove-tree.ts';

/** A root filesystem as a plain directory. */
export const dirStore: BackingStore = {
  type: 'dir',
  canSnapshotClone: false,
  inDirectory: true,
  hasFilesystem: false,
  async check() {},
  at: ({ directory, wishes }) => ({ type: 'dir', path: wishes?.directory ?? join(directory, 'rootfs') }),
  async create({ path }) {
    makeDirectory(path);
  },
  mount: async ({ path }) => mountedDirectory(path),
  rename: async (from, to) => renameSync(from.path, to.path),
  remove: ({ path }) => removeTree(path),
  exists: async ({ path }) => isDirectory(path),
  sharesWith: async () => [],
  usage: async () => ({ size: undefined, used: undefined }),
  async resize({ path }) {
    throw noQuota(path);
  },
};

/** Whatever the umask of the caller: users inside need to reach their files. */
export function makeDirectory(path: string): void {
  mkdirSync(path);
  chmodSync(path, 0o755);
}

export function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function noQuota(path: string): TslxcError {
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `the size of ${path} can not be limited`,
    hint: 'a loop image (-B loop) has a size of its own',
  });
}
