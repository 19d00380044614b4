/**
 * Something that takes the place of something else: directories and files, or volumes that lie in
 * no directory.
 */
import { lstatSync, renameSync } from 'node:fs';
import { removeTree } from '../../storage/remove-tree.ts';
import type { VolumeType } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';

/** Something that a new one takes the place of; without a new one it just goes. */
export interface Swap {
  readonly target: string;
  readonly fresh?: string;
  /** Where the present one is put until it is removed. */
  readonly old: string;
  /** For volumes that lie in no directory. */
  readonly type?: VolumeType;
}

/** Can be done again, however far it had come. */
export async function takePlace(swap: Swap): Promise<void> {
  const { target, fresh, old } = swap;
  const done = fresh === undefined ? await isThere(swap, old) : !(await isThere(swap, fresh));
  if (!done && (await isThere(swap, target))) await move(swap, target, old);
  if (fresh !== undefined && (await isThere(swap, fresh))) await move(swap, fresh, target);
}

export async function removeOld(swap: Swap): Promise<void> {
  await remove(swap, swap.old);
}

export async function removeFresh(swap: Swap): Promise<void> {
  if (swap.fresh !== undefined) await remove(swap, swap.fresh);
}

async function isThere({ type }: Swap, path: string): Promise<boolean> {
  if (type === undefined) return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  return await storeOf({ type, path }).exists({ type, path });
}

async function move({ type }: Swap, from: string, to: string): Promise<void> {
  if (type === undefined) return renameSync(from, to);
  await storeOf({ type, path: from }).rename({ type, path: from }, { type, path: to });
}

async function remove({ type }: Swap, path: string): Promise<void> {
  if (type === undefined) return await removeTree(path);
  await storeOf({ type, path }).remove({ type, path });
}
