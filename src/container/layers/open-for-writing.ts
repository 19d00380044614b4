/** The files of a stopped container, to be changed. */
import { type MountedVolume, mountedDirectory } from '../../storage/mounted-volume.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import { writeHostname } from '../rootfs/hostname-file.ts';
import type { ContainerRef } from '../state/paths.ts';
import { shownAt } from './show-rootfs.ts';

/**
 * Files in layers are changed where the host sees them: a mount more would be a second overlay on
 * one upper directory.
 */
export async function openForWriting(ref: ContainerRef, volume: Volume): Promise<MountedVolume> {
  const shown = volume.type === 'overlay' ? shownAt(ref) : undefined;
  return shown === undefined ? await storeOf(volume).mount(volume) : mountedDirectory(shown);
}

/** Writes the container's name where the guest keeps its own. */
export async function nameClone(ref: ContainerRef, volume: Volume): Promise<void> {
  await using rootfs = await openForWriting(ref, volume);
  writeHostname(rootfs.path, ref.name);
}
