/** What a command that was killed has left inside a container's directory: undone, or brought to its end. */
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../storage/remove-tree.ts';
import { snapshotsDirectory } from './copies/snapshot-layout.ts';
import { parseHiddenName } from './hidden-name.ts';
import { readMarker } from './marker-file.ts';
import { type ContainerRef, containerDirectory } from './paths.ts';

/** Journal of a restore in place: `NAME/restoring`. All paths are absolute. */
export interface RestoreJournal {
  /** `building`: the original is untouched. `swapping`: the new one is complete and takes its place. */
  readonly phase: 'building' | 'swapping';
  /** Directory with the new config and files. */
  readonly build: string;
  /** The files in it, in the order in which they take their places. */
  readonly files: readonly string[];
  readonly rootfs: { readonly target: string; readonly fresh: string; readonly old: string };
}

export function restoreJournalFile(ref: ContainerRef): string {
  return join(containerDirectory(ref), 'restoring');
}

/**
 * To be called by whoever holds the container's lock, before anything else is done with it (a start as well: a restore
 * that was killed may have moved the root filesystem away). Costs two looks when there is nothing to do.
 */
export async function recoverContainer(ref: ContainerRef): Promise<void> {
  const journal = readMarker<RestoreJournal>(restoreJournalFile(ref));
  if (journal) await finishRestore(ref, journal);
  const snapshots = snapshotsDirectory(ref);
  for (const entry of entriesOf(snapshots)) {
    if (parseHiddenName(entry)) await removeTree(join(snapshots, entry));
  }
}

/** Forward once the new one is complete, back before that. Each step can be done again. */
export async function finishRestore(ref: ContainerRef, journal: Partial<RestoreJournal>): Promise<void> {
  const { phase, build, files, rootfs } = journal;
  if (phase === undefined || build === undefined || files === undefined || rootfs === undefined) {
    // Cut off while it was being written: nothing had been made yet.
    return rmSync(restoreJournalFile(ref), { force: true });
  }
  if (phase === 'swapping') {
    if (isThere(rootfs.fresh)) {
      if (isThere(rootfs.target)) renameSync(rootfs.target, rootfs.old);
      renameSync(rootfs.fresh, rootfs.target);
    }
    for (const file of files) {
      const from = join(build, file);
      if (isThere(from)) renameSync(from, join(containerDirectory(ref), file));
    }
    await removeTree(rootfs.old);
  } else {
    await removeTree(rootfs.fresh);
  }
  await removeTree(build);
  rmSync(restoreJournalFile(ref), { force: true });
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
