/** Full copies, also between types. */
import { storeOf, type VolumeWishes } from './backing-store.ts';
import { copyTree } from './copy-tree.ts';
import type { Volume } from './rootfs-path.ts';

/**
 * Makes `to` and copies all that `from` shows into it, faithfully. The two may be of different types. What was made until a
 * failure is for the caller to remove.
 */
export async function copyVolume(
  from: Volume,
  to: Volume,
  options: { readonly wishes?: VolumeWishes; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await using source = await storeOf(from).mount(from);
  await storeOf(to).create(to, options.wishes);
  await using target = await storeOf(to).mount(to, 'fill');
  await copyTree(source.path, target.path, options.signal);
}
