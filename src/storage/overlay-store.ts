import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore } from './backing-store.ts';
import { copyTree } from './copy-tree.ts';
import { isDirectory, makeDirectory } from './dir-store.ts';
import { filesystemIsThere } from './host-filesystems.ts';
import { mountedDirectory, mountPrivately } from './mounted-volume.ts';
import { joinOverlay, overlayLayers } from './overlay-path.ts';
import { limitTrees, treeUsage } from './project-quota.ts';
import { removeTree } from './remove-tree.ts';
import type { Volume } from './rootfs-path.ts';
import { overlayOptions } from './rootfs-view.ts';

/**
 * Directories in layers: changes go to the upper directory, the lower directories are read-only and
 * may be shared. As in LXC, these are `rootfs` and `overlay/delta` in the container's directory.
 */
export const overlayStore: BackingStore = {
  type: 'overlay',
  canSnapshotClone: true,
  inDirectory: true,
  hasFilesystem: false,
  async check() {
    if (filesystemIsThere('overlay')) return;
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: 'the kernel of this host has no overlay filesystem',
      hint: 'load it: modprobe overlay',
    });
  },
  at: ({ directory }) => overlayOver([join(directory, 'rootfs')], directory),
  async create({ path }, { size } = {}) {
    const { lowers, upper, work } = overlayLayers(path);
    for (const lower of lowers) if (!isDirectory(lower)) makeDirectory(lower);
    makeUpper(upper, work, lowers[0]!);
    if (size !== undefined) await limitTrees([upper, work], size);
  },
  async mount({ path }, purpose) {
    const { lowers, upper, work } = overlayLayers(path);
    if (purpose === 'fill') return mountedDirectory(lowers[0]!);
    mkdirSync(work, { recursive: true, mode: 0o700 });
    const options = overlayOptions({ lowers, upper, work });
    return mountPrivately(`overlay ${path}`, ['-t', 'overlay', '-o', options, 'overlay']);
  },
  /** LXC's: the lower layers stay shared, what was written above them is copied. */
  async snapshotClone(from, to) {
    const [source, target] = [overlayLayers(from.path), overlayLayers(to.path)];
    mkdirSync(dirname(target.upper), { recursive: true });
    await copyTree(source.upper, target.upper);
    mkdirSync(target.work, { recursive: true, mode: 0o700 });
  },
  async rename(from, to) {
    const [before, after] = [overlayLayers(from.path), overlayLayers(to.path)];
    mkdirSync(dirname(after.upper), { recursive: true });
    for (const [a, b] of [
      ...before.lowers.map((lower, i) => [lower, after.lowers[i]!] as const),
      [before.work, after.work] as const,
      [before.upper, after.upper] as const,
    ])
      if (a !== b && existsSync(a)) renameSync(a, b);
  },
  /**
   * The lower layers may belong to other containers; those in the container's directory are removed
   * with it.
   */
  async remove({ path }) {
    const { upper, work } = overlayLayers(path);
    await removeTree(work);
    await removeTree(upper);
  },
  exists: async ({ path }) => isDirectory(overlayLayers(path).upper),
  sharesWith: async ({ path }) => overlayLayers(path).lowers,
  usage: async ({ path }) => treeUsage(overlayLayers(path).upper),
  /** The size of the changes above the layers. */
  async resize({ path }, size) {
    const { upper, work } = overlayLayers(path);
    mkdirSync(work, { recursive: true, mode: 0o700 });
    // The kernel moves files from one to the other: they have to be of one project.
    await limitTrees([upper, work], size);
  },
};

/** The overlay that a container in `directory` has above these layers, the topmost first. */
export function overlayOver(lowers: readonly string[], directory: string): Volume {
  return { type: 'overlay', path: joinOverlay({ lowers, upper: join(directory, 'overlay/delta') }) };
}

/** The new directory gets the attributes of the root of the tree below it. */
function makeUpper(upper: string, work: string, like: string): void {
  mkdirSync(dirname(upper), { recursive: true });
  makeDirectory(upper);
  const { mode, uid, gid } = lstatSync(like);
  chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
  mkdirSync(work, { recursive: true, mode: 0o700 });
}
