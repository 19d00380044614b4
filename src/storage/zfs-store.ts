import { dirname } from 'node:path';
import { loadSystemConfig } from '../config/system-config.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore } from './backing-store.ts';
import { mountPrivately } from './mounted-volume.ts';
import { volumeTool, volumeToolAgrees } from './volume-tool.ts';

const PACKAGE = 'zfsutils-linux';

const zfs = (...args: string[]) => volumeTool('zfs', args, PACKAGE);
const isThere = (dataset: string) => volumeToolAgrees('zfs', ['list', '-H', '-o', 'name', dataset], PACKAGE);
const quotaOf = (size: number) => `refquota=${size === 0 ? 'none' : size}`;

/** Only tslxc mounts the dataset: `zfs mount -a` and the boot leave it alone. */
const LEGACY = ['-o', 'mountpoint=legacy'] as const;
/** In the names of the snapshots that clones stand on. */
const MARK = 'tslxc-';

/**
 * A root filesystem as a ZFS dataset. A clone stands on its own: `remove` hands what it shares over
 * to it first.
 */
export const zfsStore: BackingStore = {
  type: 'zfs',
  canSnapshotClone: true,
  inDirectory: false,
  hasFilesystem: false,
  async check(place) {
    const [pool] = zfsStore.at(place).path.split('/');
    if (await isThere(pool!)) return;
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: `there is no ZFS pool "${pool}"`,
      hint: 'name a dataset with --zfsroot, or with lxc.bdev.zfs.root in tslxc.conf',
    });
  },
  at({ name, options, beside }) {
    const parent =
      options?.zfsRoot ?? (beside ? dirname(beside.path) : loadSystemConfig().get('lxc.bdev.zfs.root')!);
    return { type: 'zfs', path: `${parent}/${name}` };
  },
  async create({ path }, { size } = {}) {
    await zfs('create', '-p', ...LEGACY, ...(size === undefined ? [] : ['-o', quotaOf(size)]), path);
  },
  mount: ({ path }) => mountPrivately(`the dataset ${path}`, ['-t', 'zfs', '-o', 'zfsutil', path]),
  async standsAlone() {
    return true;
  },
  async snapshotClone(from, to, { size } = {}) {
    const snapshot = `${from.path}@${MARK}${to.path.slice(to.path.lastIndexOf('/') + 1)}-${Date.now().toString(36)}`;
    await zfs('snapshot', snapshot);
    const quota = size === undefined ? [] : ['-o', quotaOf(size)];
    await zfs('clone', '-p', ...LEGACY, ...quota, snapshot, to.path);
  },
  async rename(from, to) {
    await zfs('rename', from.path, to.path);
  },
  async remove({ path }) {
    if (!(await isThere(path))) return;
    // Each promotion takes the snapshot in question, and those before it, away from us.
    for (let clone = await firstClone(path); clone !== undefined; clone = await firstClone(path))
      await zfs('promote', clone);
    const [origin = '-'] = await zfs('get', '-H', '-o', 'value', 'origin', path);
    await zfs('destroy', '-r', path);
    // Other clones may stand on it as well: then it stays.
    if (isOurs(origin, path)) await zfs('destroy', origin).catch(() => undefined);
  },
  exists: ({ path }) => isThere(path),
  sharesWith: async () => [],
  async usage({ path }) {
    const [quota, used] = await zfs('get', '-Hp', '-o', 'value', 'refquota,used', path);
    return { size: Number(quota) || undefined, used: Number(used) };
  },
  async resize({ path }, size) {
    await zfs('set', quotaOf(size), path);
  },
};

async function firstClone(path: string): Promise<string | undefined> {
  const lines = await zfs('list', '-H', '-o', 'clones', '-t', 'snapshot', '-r', path);
  return lines.flatMap((line) => line.trim().split(',')).find((name) => name !== '' && name !== '-');
}

/** A snapshot that was made for a clone: by us, or by LXC, which gives it the clone's name. */
function isOurs(snapshot: string, clone: string): boolean {
  const name = snapshot.split('@')[1] ?? '';
  return name.startsWith(MARK) || name === clone.slice(clone.lastIndexOf('/') + 1);
}
