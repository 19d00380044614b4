import { chmodSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import type { BackingStore } from './backing-store.ts';
import { copyTree } from './copy-tree.ts';
import { removeTree } from './remove-tree.ts';

/** A root filesystem as a plain directory. */
export const dirStore: BackingStore = {
  type: 'dir',
  async create(path) {
    mkdirSync(path);
    // Whatever the umask of the caller: users inside need to reach their files.
    chmodSync(path, 0o755);
  },
  copy: copyTree,
  rename: renameSync,
  remove: removeTree,
  exists: (path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
};
