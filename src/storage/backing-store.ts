import { TslxcError } from '../errors/tslxc-error.ts';
import { dirStore } from './dir-store.ts';
import type { Volume, VolumeType } from './rootfs-path.ts';

/** What a way of keeping root filesystems can do. Everything is done by paths of the host. */
export interface BackingStore {
  readonly type: VolumeType;
  /** Makes an empty volume. */
  create(path: string): Promise<void>;
  /** A full, faithful copy at `to`, which does not exist; what is there after a failure is for the caller to remove. */
  copy(from: string, to: string, signal?: AbortSignal): Promise<void>;
  /** Moves the volume on the same filesystem at once. */
  rename(from: string, to: string): void;
  /** Removes it with all its content; no error when it is not there. */
  remove(path: string): Promise<void>;
  exists(path: string): boolean;
}

/** A row for each type that this version can do. */
const STORES: Partial<Record<string, BackingStore>> = { dir: dirStore };

/** Words that `-B` takes besides the types. */
const SYNONYMS: Readonly<Record<string, string>> = { none: 'dir', best: 'dir', overlayfs: 'overlay' };

/**
 * The store for what `-B` says: a type, `best`, `none`, or a comma list of which the first that works is taken.
 * @throws TslxcError NOT_SUPPORTED naming the type
 */
export function chooseStore(wanted: string): BackingStore {
  const names = wanted.split(',').map((name) => name.trim());
  for (const name of names) {
    const store = STORES[SYNONYMS[name] ?? name];
    if (store) return store;
  }
  throw notSupported(names.join(', '));
}

/** The store of an existing volume. */
export function storeOf(volume: Volume): BackingStore {
  const store = STORES[volume.type];
  if (!store) throw notSupported(volume.type);
  return store;
}

function notSupported(type: string): TslxcError {
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `backing store "${type}" is not supported`,
    hint: type === 'aufs' ? 'the kernel has no aufs any more; its successor is overlay' : 'dir is',
  });
}
