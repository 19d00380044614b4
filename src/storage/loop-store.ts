import { closeSync, ftruncateSync, lstatSync, openSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore } from './backing-store.ts';
import {
  checkFilesystem,
  DEFAULT_FILESYSTEM,
  DEFAULT_SIZE,
  filesystemOn,
  growFilesystem,
  makeFilesystem,
  notSmaller,
} from './filesystems.ts';
import { mountPrivately } from './mounted-volume.ts';

/**
 * A root filesystem in an image, the sparse file `rootdev` in the container's directory, as LXC has
 * it.
 */
export const loopStore: BackingStore = {
  type: 'loop',
  canSnapshotClone: false,
  inDirectory: true,
  hasFilesystem: true,
  async check({ options }) {
    checkFilesystem(options?.fstype ?? DEFAULT_FILESYSTEM);
    if (lstatSync('/dev/loop-control', { throwIfNoEntry: false })) return;
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: 'this host has no loop devices: /dev/loop-control is missing',
      hint: 'load the module: modprobe loop',
    });
  },
  at: ({ directory }) => ({ type: 'loop', path: join(directory, 'rootdev') }),
  async create({ path }, { size = DEFAULT_SIZE, fstype = DEFAULT_FILESYSTEM } = {}) {
    const fd = openSync(path, 'wx', 0o600);
    ftruncateSync(fd, size);
    closeSync(fd);
    await makeFilesystem(path, fstype);
  },
  // mount(8) takes the device that the image has already, so that its filesystem is never mounted
  // twice.
  mount: ({ path }) => mountPrivately(`the image ${path}`, ['-o', 'loop', path]),
  rename: async (from, to) => renameSync(from.path, to.path),
  remove: async ({ path }) => rmSync(path, { force: true }),
  exists: async ({ path }) => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  sharesWith: async () => [],
  async usage({ path }) {
    const { size, blocks } = lstatSync(path);
    return { size, used: blocks * 512, fstype: filesystemOn(path) };
  },
  async resize({ path }, size) {
    const now = lstatSync(path).size;
    if (size === now) return;
    if (size < now) throw notSmaller(path, now);
    truncateSync(path, size);
    await growFilesystem(path, async (run) => {
      await using volume = await mountPrivately(`the image ${path}`, ['-o', 'loop', path]);
      await run(volume.inside, volume.command);
    });
  },
};
