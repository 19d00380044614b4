/**
 * Hides a container's directory by one rename and then removes it. At no moment is there half a
 * container, and the next command finishes an interrupted removal (see leftovers.ts).
 */
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { tellsOfFullDisk } from '../../storage/disk-full.ts';
import { refuseMounts, removeTree } from '../../storage/remove-tree.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import { removeWithLayers } from '../layers/collect.ts';
import { dropRootfs } from '../layers/show-rootfs.ts';
import { hiddenName } from '../state/hidden-name.ts';
import { removeHistory } from '../state/history.ts';
import { readMarker, writeMarker } from '../state/marker-file.ts';
import { keptEntries, PARTIAL, removeMadeOutside, unmarkPartial } from '../state/partial-marker.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';

/**
 * A directory elsewhere that goes with the container. The inode makes sure that a later one of that
 * name does not.
 */
interface Destroying {
  readonly volumes?: readonly Volume[];
  readonly rootfs?: { path: string; hidden: string; ino: number; dev: number };
}

const MARKER = 'destroying';

/**
 * @param outside the container's own root filesystem when it lies elsewhere
 * @param volumes the container's and its snapshots' that lie in no directory
 */
export async function discardContainer(
  ref: ContainerRef,
  outside?: string,
  volumes: readonly Volume[] = [],
): Promise<void> {
  const directory = containerDirectory(ref);
  refuseMounts(directory);
  if (outside !== undefined) {
    refuseMounts(outside);
    await noteOutside(directory, outside);
  }
  if (volumes.length > 0) await noteVolumes(directory, volumes);
  dropRootfs(ref);
  const hidden = join(ref.lxcpath, hiddenName(ref.name, 'destroying'));
  renameSync(directory, hidden);
  removeHistory(ref);
  await finishDiscarding(hidden);
}

/**
 * Removes what was made of a container that is not to be: all of it, or what a prepared folder did
 * not have before.
 */
export async function undoPartial(ref: ContainerRef): Promise<void> {
  await removeMadeOutside(ref);
  const kept = keptEntries(ref);
  if (kept === undefined) return await discardContainer(ref);
  const directory = containerDirectory(ref);
  const spared = new Set([...kept, PARTIAL]);
  for (const entry of readdirSync(directory))
    if (!spared.has(entry)) await removeTree(join(directory, entry));
  unmarkPartial(ref);
}

async function noteOutside(directory: string, outside: string): Promise<void> {
  const { ino, dev } = lstatSync(outside);
  const hidden = join(dirname(outside), hiddenName(basename(outside), 'destroying'));
  const note: Destroying = { rootfs: { path: outside, hidden, ino, dev } };
  const marker = join(directory, MARKER);
  try {
    // A destroy that was killed before its rename may have left a marker.
    rmSync(marker, { force: true });
    writeMarker(marker, note);
  } catch (error) {
    if (!tellsOfFullDisk(error)) throw error;
    // To make room is what people destroy containers for: do without the note, and so the dangerous
    // part first.
    renameSync(outside, hidden);
    await removeTree(hidden);
  }
}

/** Volumes and a directory elsewhere exclude each other: the config names one root filesystem. */
async function noteVolumes(directory: string, volumes: readonly Volume[]): Promise<void> {
  const marker = join(directory, MARKER);
  const note: Destroying = { volumes };
  try {
    rmSync(marker, { force: true });
    writeMarker(marker, note);
  } catch (error) {
    if (!tellsOfFullDisk(error)) throw error;
    for (const volume of volumes) await storeOf(volume).remove(volume);
  }
}

/** Goes on with a removal, however far it had come. */
export async function finishDiscarding(hidden: string): Promise<void> {
  const { rootfs, volumes } = readMarker<Destroying>(join(hidden, MARKER)) ?? {};
  for (const volume of volumes ?? []) await storeOf(volume).remove(volume);
  if (rootfs) {
    const there = lstatSync(rootfs.path, { throwIfNoEntry: false });
    if (there?.ino === rootfs.ino && there.dev === rootfs.dev) renameSync(rootfs.path, rootfs.hidden);
    await removeTree(rootfs.hidden);
  }
  await removeWithLayers(hidden);
}
