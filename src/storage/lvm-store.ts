import { loadSystemConfig } from '../config/system-config.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore } from './backing-store.ts';
import {
  checkFilesystem,
  DEFAULT_FILESYSTEM,
  DEFAULT_SIZE,
  filesystemOn,
  freshenFilesystem,
  growFilesystem,
  makeFilesystem,
  notSmaller,
} from './filesystems.ts';
import {
  isThinPool,
  logicalName,
  lvm,
  lvmAgrees,
  readLogical,
  splitLogical,
  thickSnapshotsOf,
} from './lvm-volume.ts';
import { type MountedVolume, mountPrivately } from './mounted-volume.ts';

/** No questions, and words only when something is wrong. */
const QUIET = ['--quiet', '--yes'] as const;

/** A filesystem on a logical volume: a thin one where the group has the pool, else a thick one. */
export const lvmStore: BackingStore = {
  type: 'lvm',
  canSnapshotClone: true,
  inDirectory: false,
  hasFilesystem: true,
  async check(place) {
    const { group } = splitLogical(lvmStore.at(place).path);
    if (!(await lvmAgrees('vgs', '--noheadings', '-o', 'vg_name', group)))
      throw new TslxcError({
        code: 'NOT_SUPPORTED',
        message: `there is no volume group "${group}"`,
        hint: 'name one with --vgname, or with lxc.bdev.lvm.vg in tslxc.conf',
      });
    checkFilesystem(place.options?.fstype ?? DEFAULT_FILESYSTEM);
  },
  at({ name, options = {}, beside }) {
    const group =
      options.volumeGroup ?? (beside ? splitLogical(beside.path).group : systemValue('lxc.bdev.lvm.vg'));
    return { type: 'lvm', path: `/dev/${group}/${options.logicalVolume ?? name}` };
  },
  async create({ path }, { size = DEFAULT_SIZE, fstype = DEFAULT_FILESYSTEM, thinPool } = {}) {
    const { group, name } = splitLogical(path);
    const pool = thinPool ?? systemValue('lxc.bdev.lvm.thin_pool');
    const space = (await isThinPool(group, pool))
      ? ['--virtualsize', `${size}b`, '--thinpool', pool]
      : ['--size', `${size}b`];
    await lvm('lvcreate', ...QUIET, '--wipesignatures', 'y', ...space, '--name', name, group);
    await makeFilesystem(path, fstype);
  },
  mount: ({ path }) => mountLogical(path),
  async standsAlone({ path }) {
    return (await readLogical(path)).pool !== undefined;
  },
  async snapshotClone(from, to, { size } = {}) {
    const { name } = splitLogical(to.path);
    const original = await readLogical(from.path);
    // A thick snapshot has room of its own for what changes.
    const space = original.pool === undefined ? ['--size', `${size ?? original.size}b`] : [];
    const how = ['--snapshot', '--setactivationskip', 'n', ...space];
    await lvm('lvcreate', ...QUIET, ...how, '--name', name, logicalName(from.path));
    await activate(to.path);
    await freshenFilesystem(to.path);
    if (original.pool !== undefined && size !== undefined && size > original.size)
      await lvmStore.resize(to, size);
  },
  async rename(from, to) {
    const { group, name } = splitLogical(from.path);
    await lvm('lvrename', '--quiet', group, name, splitLogical(to.path).name);
  },
  async remove(volume) {
    if (!(await lvmStore.exists(volume))) return;
    const snapshots = await thickSnapshotsOf(volume.path);
    if (snapshots.length > 0)
      throw new TslxcError({
        code: 'STORAGE',
        message: `${volume.path} is not removed: its snapshots would be lost with it: ${snapshots.join(', ')}`,
        errno: 'EBUSY',
      });
    await lvm('lvremove', ...QUIET, '--force', logicalName(volume.path));
  },
  exists: ({ path }) => lvmAgrees('lvs', '--noheadings', '-o', 'lv_name', logicalName(path)),
  async sharesWith({ path }) {
    const { pool, origin } = await readLogical(path);
    // A thin snapshot owns what it shares.
    return origin === undefined || pool !== undefined ? [] : [`/dev/${splitLogical(path).group}/${origin}`];
  },
  async usage({ path }) {
    const { size, percent } = await readLogical(path);
    await activate(path);
    const used = percent === undefined ? undefined : Math.round((size * percent) / 100);
    return { size, used, fstype: filesystemOn(path) };
  },
  async resize({ path }, size) {
    const { size: now } = await readLogical(path);
    if (size < now) throw notSmaller(path, now);
    if (size === now) return;
    await lvm('lvextend', ...QUIET, '--size', `${size}b`, logicalName(path));
    await activate(path);
    await growFilesystem(path, async (run) => {
      await using volume = await mountLogical(path);
      await run(volume.inside, volume.command);
    });
  },
};

async function mountLogical(path: string): Promise<MountedVolume> {
  await activate(path);
  return await mountPrivately(`the logical volume ${path}`, [path]);
}

/**
 * Makes its device appear. LVM asks before it activates a thick snapshot, as its origin is
 * activated with it.
 */
export async function activate(path: string): Promise<void> {
  await lvm('lvchange', ...QUIET, '--activate', 'y', '--ignoreactivationskip', logicalName(path));
}

function systemValue(key: 'lxc.bdev.lvm.vg' | 'lxc.bdev.lvm.thin_pool'): string {
  return loadSystemConfig().get(key)!;
}
