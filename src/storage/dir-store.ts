import { chmodSync, lstatSync, mkdirSync, realpathSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BackingStore } from './backing-store.ts';
import { mountedDirectory } from './mounted-volume.ts';
import { limitTrees, treeUsage } from './project-quota.ts';
import { removeTree } from './remove-tree.ts';

/** A root filesystem as a plain directory. */
export const dirStore: BackingStore = {
  type: 'dir',
  canSnapshotClone: false,
  inDirectory: true,
  hasFilesystem: false,
  async check() {},
  at: ({ directory, options }) => ({ type: 'dir', path: options?.directory ?? join(directory, 'rootfs') }),
  async create({ path }, { size } = {}) {
    makeDirectory(path);
    if (size !== undefined) await limitTrees([path], size);
  },
  // A link to the files is as good as the directory: all work is done at its target.
  mount: async ({ path }) => mountedDirectory(lstatSync(path).isSymbolicLink() ? realpathSync(path) : path),
  rename: async (from, to) => renameSync(from.path, to.path),
  remove: ({ path }) => removeTree(path),
  exists: async ({ path }) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  sharesWith: async () => [],
  usage: async ({ path }) => treeUsage(path),
  resize: ({ path }, size) => limitTrees([path], size),
};

/** Independent of the caller's umask: users inside need to reach their files. */
export function makeDirectory(path: string): void {
  mkdirSync(path);
  chmodSync(path, 0o755);
}

export function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
