/**
 * The marker of a rename that is under way, and its completion: by the rename itself, or after it
 * was killed.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readDocument, saveDocument } from '../../config/document-file.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import { storeOf } from '../../storage/stores.ts';
import { nameClone } from '../layers/open-for-writing.ts';
import { showRootfs } from '../layers/show-rootfs.ts';
import { managedVolume } from '../rootfs/managed-volume.ts';
import { movePaths } from '../rootfs/move-paths.ts';
import { readMarker } from '../state/marker-file.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { snapshotNames, snapshotsDirectory } from '../state/snapshot-layout.ts';

/** `NAME/renaming`, in the directory under either name. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
  readonly keepName: boolean;
}

export function renamingFile(ref: ContainerRef): string {
  return join(containerDirectory(ref), 'renaming');
}

/**
 * Finishes a rename that was killed, under either name of the directory. Each step can be repeated.
 */
export async function finishRename(ref: ContainerRef): Promise<void> {
  const marker = readMarker<Renaming>(renamingFile(ref));
  if (!marker) return;
  const { from, to, keepName } = marker;
  if (from !== undefined && to !== undefined && containerDirectory(ref) === to) {
    const moves = [[from, to]] as const;
    for (const snapshot of snapshotNames(ref)) moveLines(join(snapshotsDirectory(ref), snapshot), moves);
    moveLines(to, moves, keepName ? undefined : basename(to));
    if (!keepName) await nameInside(ref);
  }
  rmSync(renamingFile(ref), { force: true });
  showRootfs(ref);
}

/**
 * Undefined for a root filesystem that is not the container's own (`lxc.rootfs.managed = 0`): it
 * keeps its host name.
 */
function ownVolumeOf(ref: ContainerRef): ReturnType<typeof managedVolume> {
  try {
    return managedVolume(ref);
  } catch (error) {
    if ((error as TslxcError).code === 'CONFIG_CONFLICT') return undefined;
    throw error;
  }
}

async function nameInside(ref: ContainerRef): Promise<void> {
  const volume = ownVolumeOf(ref);
  // A container whose root filesystem is gone can be renamed, and destroyed, as well.
  if (volume && (await storeOf(volume).exists(volume))) await nameClone(ref, volume);
}

/** Lets the config in `directory`, and an fstab that it names, say the new place. */
function moveLines(directory: string, moves: readonly (readonly [string, string])[], name?: string): void {
  const file = join(directory, 'config');
  const document = readDocument(file);
  for (const setting of document.settings()) {
    const value = movePaths(setting.value, moves);
    if (value !== setting.value) document.rewriteLine(setting, setting.key, value);
  }
  if (name !== undefined) {
    document.remove('lxc.utsname');
    document.set('lxc.uts.name', name);
  }
  saveDocument(file, document);
  const fstab = loadConfig(file).get('lxc.mount.fstab')?.value;
  if (fstab?.startsWith(`${directory}/`) && existsSync(fstab))
    writeFileSync(fstab, movePaths(readFileSync(fstab, 'utf8'), moves));
}
