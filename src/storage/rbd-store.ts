import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { loadSystemConfig } from '../config/system-config.ts';
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
import { volumeTool, volumeToolAgrees } from './volume-tool.ts';

const PACKAGE = 'ceph-common';

/** The user of each command; without one Ceph's own. */
function asUser(user = loadSystemConfig().get('lxc.bdev.rbd.rbduser')): string[] {
  return user === undefined ? [] : ['--id', user];
}

const rbd = (...args: string[]) => volumeTool('rbd', [...args, ...asUser()], PACKAGE);

/**
 * A filesystem on a Ceph image, mapped to `/dev/rbd/POOL/NAME`. As with LXC it has to be mapped
 * when it is started.
 */
export const rbdStore: BackingStore = {
  type: 'rbd',
  canSnapshotClone: false,
  inDirectory: false,
  hasFilesystem: true,
  async check(place) {
    const { pool } = split(rbdStore.at(place).path);
    await volumeTool('rbd', ['ls', pool, ...asUser(place.options?.cephUser)], PACKAGE);
    checkFilesystem(place.options?.fstype ?? DEFAULT_FILESYSTEM);
  },
  at({ name, options = {}, beside }) {
    const pool =
      options.cephPool ??
      (beside ? split(beside.path).pool : loadSystemConfig().get('lxc.bdev.rbd.rbdpool')!);
    return { type: 'rbd', path: `/dev/rbd/${pool}/${options.cephImage ?? name}` };
  },
  async create({ path }, { size = DEFAULT_SIZE, fstype = DEFAULT_FILESYSTEM, cephUser } = {}) {
    const user = asUser(cephUser);
    await volumeTool(
      'rbd',
      ['create', '--size', `${Math.ceil(size / 2 ** 20)}M`, image(path), ...user],
      PACKAGE,
    );
    await volumeTool('rbd', ['map', image(path), ...user], PACKAGE);
    await makeFilesystem(path, fstype);
  },
  mount: ({ path }) => mountPrivately(`the Ceph image ${path}`, [path]),
  async rename(from, to) {
    await unmap(from.path);
    await rbd('rename', image(from.path), image(to.path));
    await rbd('map', image(to.path));
  },
  async remove(volume) {
    await unmap(volume.path);
    if (await rbdStore.exists(volume)) await rbd('rm', '--no-progress', image(volume.path));
  },
  exists: ({ path }) => volumeToolAgrees('rbd', ['info', image(path), ...asUser()], PACKAGE),
  sharesWith: async () => [],
  async usage({ path }) {
    return { size: deviceSize(path), used: undefined, fstype: filesystemOn(path) };
  },
  async resize({ path }, size) {
    const now = deviceSize(path);
    if (size < now) throw notSmaller(path, now);
    await rbd('resize', '--no-progress', '--size', `${Math.ceil(size / 2 ** 20)}M`, image(path));
    await growFilesystem(path, async (run) => {
      await using volume = await rbdStore.mount({ type: 'rbd', path });
      await run(volume.inside, volume.command);
    });
  },
};

function split(path: string): { pool: string; name: string } {
  const [, pool, name] = /^\/dev\/rbd\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (pool === undefined || name === undefined)
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      message: `"${path}" is no Ceph image`,
      hint: 'it is written rbd:/dev/rbd/POOL/IMAGE',
    });
  return { pool, name };
}

function image(path: string): string {
  const { pool, name } = split(path);
  return `${pool}/${name}`;
}

/** An image that is not mapped is no error. */
async function unmap(path: string): Promise<void> {
  try {
    realpathSync(path);
  } catch {
    return;
  }
  await rbd('unmap', path);
}

function deviceSize(path: string): number {
  return Number(readFileSync(`/sys/class/block/${basename(realpathSync(path))}/size`, 'utf8')) * 512;
}
