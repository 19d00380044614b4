/**
 * Quota groups of btrfs: how much a subvolume may hold. Each subvolume has one of its own, `0/ID`.
 */
import type { VolumeUsage } from './backing-store.ts';
import { btrfs } from './subvolumes.ts';

/**
 * Limits what a subvolume refers to, in bytes; 0 takes the limit away. Accounting is switched on
 * for the whole filesystem where it is not yet. Subvolumes that a guest makes inside count by
 * themselves.
 */
export async function limitSubvolume(path: string, size: number): Promise<void> {
  if (size === 0 && !(await hasAccounting(path))) return;
  await btrfs('quota', 'enable', path);
  await btrfs('qgroup', 'limit', size === 0 ? 'none' : String(size), path);
}

export async function subvolumeUsage(path: string): Promise<VolumeUsage> {
  if (!(await hasAccounting(path))) return { size: undefined, used: undefined };
  const [id] = await btrfs('inspect-internal', 'rootid', path);
  const lines = await btrfs('qgroup', 'show', '-r', '-f', '--raw', path);
  return parseQgroups(lines, `0/${id}`);
}

/**
 * The row of a group: its name, bytes referred to, bytes of its own, and the limit of the first or
 * `none`.
 */
export function parseQgroups(lines: readonly string[], group: string): VolumeUsage {
  const row = lines.map((line) => line.trim().split(/\s+/)).find(([name]) => name === group);
  const number = (word: string | undefined) =>
    word !== undefined && /^\d+$/.test(word) ? Number(word) : undefined;
  return { size: number(row?.[3]), used: number(row?.[1]) };
}

/** Without quota groups btrfs has nothing to show, and says so by failing. */
async function hasAccounting(path: string): Promise<boolean> {
  return await btrfs('qgroup', 'show', path).then(
    () => true,
    () => false,
  );
}
