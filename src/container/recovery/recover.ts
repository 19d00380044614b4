/**
 * What a command that was killed has left inside a container's directory: undone, or brought to its
 * end.
 */
import { copyFileSync, existsSync, lstatSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeTree } from '../../storage/remove-tree.ts';
import { entriesOf, isThere } from '../../util/files.ts';
import { collectLayers, removeWithLayers } from '../layers/collect.ts';
import { recoverSeal } from '../layers/seal.ts';
import { dropRootfs, showRootfs } from '../layers/show-rootfs.ts';
import { removeSnapshotVolume } from '../rootfs/own-volumes.ts';
import { removeFresh, removeOld, type Swap, takePlace } from '../rootfs/swap.ts';
import { hiddenName, parseHiddenName } from '../state/hidden-name.ts';
import { readMarker } from '../state/marker-file.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { snapshotsDirectory } from '../state/snapshot-layout.ts';
import { finishRename } from './finish-rename.ts';

/**
 * Journal of a replacement of a container's root filesystem and files: `NAME/restoring`. All paths
 * are absolute.
 */
export interface RestoreJournal {
  /**
   * `building`: the original is untouched. `swapping`: the new one is complete and takes its place.
   */
  readonly phase: 'building' | 'swapping';
  /** Directory with the new config and files. */
  readonly build: string;
  /** The files in it, in the order in which they take their places. */
  readonly files: readonly string[];
  readonly swaps: readonly Swap[];
  /** Layers that the container stands on until then. */
  readonly layers: readonly string[];
}

export function restoreJournalFile(ref: ContainerRef): string {
  return join(containerDirectory(ref), 'restoring');
}

const UNSETTLED = ['layering', 'partial', 'renaming', 'restoring'];

/**
 * Whether an operation on the container's files is under way, or was killed: they are not what they
 * will be.
 */
export function isUnsettled(ref: ContainerRef): boolean {
  const directory = containerDirectory(ref);
  return UNSETTLED.some((name) => existsSync(join(directory, name)));
}

/**
 * Called by the holder of the container's lock before it does anything else with the container
 * (also before a start: a restore that was killed may have moved the root filesystem away). Cheap
 * when there is nothing to do.
 */
export async function recoverContainer(ref: ContainerRef): Promise<void> {
  await finishRename(ref);
  recoverSeal(ref);
  const journal = readMarker<RestoreJournal>(restoreJournalFile(ref));
  if (journal) await finishRestore(ref, journal);
  showRootfs(ref);
  const snapshots = snapshotsDirectory(ref);
  for (const entry of entriesOf(snapshots)) {
    if (parseHiddenName(entry)) await removeHiddenSnapshot(join(snapshots, entry));
  }
}

/**
 * A snapshot in the making still counts as a user of its layers: it is first marked as being
 * removed.
 */
export async function removeHiddenSnapshot(path: string): Promise<void> {
  const { name, purpose } = parseHiddenName(path.slice(dirname(path).length + 1)) ?? {};
  let hidden = path;
  if (name !== undefined && purpose !== 'destroying') {
    hidden = join(dirname(path), hiddenName(name, 'destroying'));
    renameSync(path, hidden);
  }
  await removeSnapshotVolume(hidden);
  await removeWithLayers(hidden);
}

/** Forward once the new one is complete, back before that. Each step can be done again. */
export async function finishRestore(ref: ContainerRef, journal: Partial<RestoreJournal>): Promise<void> {
  const { phase, build, files, swaps, layers } = journal;
  if (phase === undefined || build === undefined || files === undefined || swaps === undefined) {
    // Cut off while it was being written: nothing had been made yet.
    return rmSync(restoreJournalFile(ref), { force: true });
  }
  if (phase === 'swapping') {
    dropRootfs(ref);
    for (const swap of swaps) await takePlace(swap);
    for (const file of files) {
      const from = join(build, file);
      if (isThere(from)) replaceFile(from, join(containerDirectory(ref), file));
    }
    for (const swap of swaps) await removeOld(swap);
  } else {
    for (const swap of swaps) await removeFresh(swap);
  }
  await removeTree(build);
  // The journal itself names the layers, and so keeps them.
  rmSync(restoreJournalFile(ref), { force: true });
  showRootfs(ref);
  if (phase === 'swapping') await collectLayers(layers ?? []);
}

/** A config that is a link stays one, and what it leads to is replaced. */
function replaceFile(from: string, to: string): void {
  if (!lstatSync(to, { throwIfNoEntry: false })?.isSymbolicLink() || !existsSync(to)) {
    renameSync(from, to);
    return;
  }
  const real = realpathSync(to);
  const fresh = `${real}.new`;
  copyFileSync(from, fresh);
  renameSync(fresh, real);
  rmSync(from);
}
