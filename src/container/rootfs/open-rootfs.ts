/** Root filesystems as trees: to read from, and to finish a clone. */

import { type MountedVolume, mountPrivately } from '../../storage/mounted-volume.ts';
import { splitOverlay } from '../../storage/overlay-path.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import type { ContainerRef } from '../state/paths.ts';
import { writeHostname } from './hostname-file.ts';

/**
 * What a container sees, to be read only. Of an overlay the upper directory is the topmost of read-only layers: the
 * container may run, and nothing of it is touched, not even an access time.
 */
export async function openForReading(volume: Volume): Promise<MountedVolume> {
  const overlay = volume.type === 'overlay' ? splitOverlay(volume.path) : undefined;
  if (!overlay) return await storeOf(volume).mount(volume);
  const stack = [overlay.upper, ...overlay.lowers].map((path) => path.replace(/[\\:,]/g, '\\$&')).join(':');
  return await mountPrivately(`overlay ${volume.path}`, [
    '-t',
    'overlay',
    '-o',
    `ro,lowerdir=${stack}`,
    'overlay',
  ]);
}

/** Writes the container's name where the guest keeps its own. */
export async function nameClone(ref: ContainerRef, volume: Volume): Promise<void> {
  await using rootfs = await storeOf(volume).mount(volume);
  writeHostname(rootfs.path, ref.name);
}
