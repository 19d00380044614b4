/** Root filesystems as trees: to read from. */

import { type MountedVolume, mountPrivately } from '../../storage/mounted-volume.ts';
import { escapeForOverlay, splitOverlay } from '../../storage/overlay-path.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';

/**
 * What a container sees, to be read only. Of an overlay the upper directory is the topmost of
 * read-only layers: the container may run, and nothing of it is touched, not even an access time.
 */
export async function openForReading(volume: Volume): Promise<MountedVolume> {
  const overlay = volume.type === 'overlay' ? splitOverlay(volume.path) : undefined;
  if (!overlay) return await storeOf(volume).mount(volume);
  const stack = [overlay.upper, ...overlay.lowers].map(escapeForOverlay).join(':');
  return await mountPrivately(`overlay ${volume.path}`, [
    '-t',
    'overlay',
    '-o',
    `ro,lowerdir=${stack}`,
    'overlay',
  ]);
}
