/** The table of backing stores, and the choice among them. */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BackingStore, VolumePlace } from './backing-store.ts';
import { btrfsStore } from './btrfs-store.ts';
import { dirStore } from './dir-store.ts';
import { loopStore } from './loop-store.ts';
import { lvmStore } from './lvm-store.ts';
import { overlayStore } from './overlay-store.ts';
import { rbdStore } from './rbd-store.ts';
import type { Volume } from './rootfs-path.ts';
import { zfsStore } from './zfs-store.ts';

/** A row for each type that this version can do. */
const STORES: Partial<Record<string, BackingStore>> = {
  dir: dirStore,
  overlay: overlayStore,
  btrfs: btrfsStore,
  loop: loopStore,
  lvm: lvmStore,
  zfs: zfsStore,
  rbd: rbdStore,
};

/** Words that `-B` takes besides the types. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  none: ['dir'],
  best: ['btrfs', 'zfs', 'lvm', 'dir', 'rbd'],
  overlayfs: ['overlay'],
};

/**
 * The store for what `-B` says: a type, `best`, `none`, or a comma list of which the first that
 * works at `place` is taken.
 * @throws TslxcError NOT_SUPPORTED naming the type, or why the only one named does not work
 */
export async function chooseStore(wanted: string, place: VolumePlace): Promise<BackingStore> {
  const names = wanted.split(',').map((name) => name.trim());
  const types = names.flatMap((name) => (Object.hasOwn(SYNONYMS, name) ? SYNONYMS[name]! : [name]));
  let reason: unknown;
  for (const type of types) {
    const store = Object.hasOwn(STORES, type) ? STORES[type] : undefined;
    try {
      if (!store) throw unsupportedStorage(type);
      await store.check(place);
      return store;
    } catch (error) {
      reason ??= error;
    }
  }
  throw types.length === 1 ? reason : unsupportedStorage(names.join(', '), reason);
}

/**
 * Whether a volume lies elsewhere than in directories: it is renamed and removed by its store only.
 */
export function isElsewhere({ type }: Volume): boolean {
  return STORES[type]?.inDirectory === false;
}

/** The store of an existing volume. */
export function storeOf(volume: Volume): BackingStore {
  const store = STORES[volume.type];
  if (!store) throw unsupportedStorage(volume.type);
  return store;
}

/** Why the types that tslxc knows by name only are not there. */
const HINTS: Readonly<Record<string, string>> = {
  aufs: 'the kernel has no aufs any more; its successor is overlay',
  nbd: 'convert the image to a raw one (qemu-img convert -O raw) and use loop',
};

export function unsupportedStorage(type: string, cause?: unknown): TslxcError {
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `backing store "${type}" is not supported`,
    hint: HINTS[type] ?? `there are: ${Object.keys(STORES).join(', ')}`,
    cause,
  });
}
