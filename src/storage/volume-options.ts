/** What can be said about a new volume, and to which stores it means something. */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore, VolumeOptions } from './backing-store.ts';

/** Option of the command line and the stores that know it, by property. */
const OPTIONS: {
  readonly [N in keyof Required<VolumeOptions>]: readonly [option: string, stores: readonly string[]];
} = {
  size: ['--fssize', ['dir', 'overlay', 'btrfs', 'loop', 'lvm', 'zfs', 'rbd']],
  fstype: ['--fstype', ['loop', 'lvm', 'rbd']],
  directory: ['--dir', ['dir']],
  volumeGroup: ['--vgname', ['lvm']],
  logicalVolume: ['--lvname', ['lvm']],
  thinPool: ['--thinpool', ['lvm']],
  zfsRoot: ['--zfsroot', ['zfs']],
  cephImage: ['--rbdname', ['rbd']],
  cephPool: ['--rbdpool', ['rbd']],
  cephUser: ['--rbduser', ['rbd']],
};

/** @throws TslxcError USAGE for what the store does not know, as LXC does */
export function checkVolumeOptions(store: BackingStore, options: VolumeOptions): void {
  for (const name of Object.keys(options) as (keyof VolumeOptions)[]) {
    const [option, stores] = OPTIONS[name];
    if (options[name] === undefined || stores.includes(store.type)) continue;
    throw new TslxcError({
      code: 'USAGE',
      message: `${option} means nothing to the backing store ${store.type}`,
      hint: `it is for ${stores.map((type) => `-B ${type}`).join(', ')}`,
    });
  }
}
