/** What can be said about a new volume, and to which stores it means something. */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore, VolumeWishes } from './backing-store.ts';

/** The option that a wish comes from, and the stores that it is for. */
const WISHES: {
  readonly [W in keyof Required<VolumeWishes>]: readonly [option: string, stores: readonly string[]];
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
export function checkWishes(store: BackingStore, wishes: VolumeWishes): void {
  for (const wish of Object.keys(wishes) as (keyof VolumeWishes)[]) {
    const [option, stores] = WISHES[wish];
    if (wishes[wish] === undefined || stores.includes(store.type)) continue;
    throw new TslxcError({
      code: 'USAGE',
      message: `${option} means nothing to the backing store ${store.type}`,
      hint: `it is for ${stores.map((type) => `-B ${type}`).join(', ')}`,
    });
  }
}
