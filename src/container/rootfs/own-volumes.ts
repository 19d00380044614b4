/**
 * Root filesystems outside of directories (logical volumes, datasets, Ceph images) that belong to a
 * container or a snapshot: a command that removes the directory must remove them as well.
 */
import { join } from 'node:path';
import { readConfig } from '../../config/load-config.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';
import { isElsewhere, storeOf } from '../../storage/stores.ts';
import { readMarker, writeMarker } from '../state/marker-file.ts';
import { type ContainerRef, configFile } from '../state/paths.ts';
import { snapshotNames, snapshotRef } from '../state/snapshot-layout.ts';

/** The one that a config names, unless it says that it is not ours (lxc.rootfs.managed). */
export function ownVolume(config: string): Volume | undefined {
  const { config: read } = readConfig(config);
  const setting = read.get('lxc.rootfs.path');
  if (!setting || read.get('lxc.rootfs.managed')?.value === false) return undefined;
  const volume = volumeOf(setting.value);
  return isElsewhere(volume) ? volume : undefined;
}

/** A container's own and those of its snapshots. */
export function ownVolumes(ref: ContainerRef): Volume[] {
  const snapshots = snapshotNames(ref).map((name) => snapshotRef(ref, name));
  return [...snapshots, ref].flatMap((one) => ownVolume(configFile(one)) ?? []);
}

function noteFile(directory: string): string {
  return join(directory, 'volume');
}

/**
 * Notes a volume before it is made for the snapshot in a directory, so that it is removed with the
 * snapshot in any case.
 */
export function noteVolume(directory: string, volume: Volume): void {
  writeMarker(noteFile(directory), volume);
}

/**
 * Removes the volume of the snapshot in a directory, however far its making or removal had come.
 */
export async function removeSnapshotVolume(directory: string): Promise<void> {
  const { type, path } = readMarker<Volume>(noteFile(directory)) ?? {};
  const noted = type !== undefined && path !== undefined ? { type, path } : undefined;
  const volume = noted ?? ownVolume(join(directory, 'config'));
  if (volume) await storeOf(volume).remove(volume);
}
