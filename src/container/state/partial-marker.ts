/**
 * `partial` in a container's directory: it is being made. The command that makes it holds the
 * container's lock; a marker whose lock is free was left by a command that was killed, and the
 * directory is garbage.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { removeTree } from '../../storage/remove-tree.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import { readMarker, writeMarker } from './marker-file.ts';
import { type ContainerRef, containerDirectory } from './paths.ts';

/** A root filesystem outside the container's directory, and what was there before it was made. */
export interface OutsideRootfs {
  readonly path: string;
  readonly before: 'missing' | 'empty' | 'full';
  /** Directories above it that had to be made, the deepest first. */
  readonly parents: readonly string[];
}

/** A thing that is being made outside the container's directory. */
export interface Partial {
  readonly rootfs?: OutsideRootfs;
  readonly volume?: Volume;
  /**
   * Entries of the container's directory that were there before: a folder that the user prepared.
   */
  readonly kept?: readonly string[];
}

/** Name of the marker. LXC has one of the same name. */
export const PARTIAL = 'partial';

function markerFile(ref: ContainerRef): string {
  return join(containerDirectory(ref), PARTIAL);
}

export function isPartial(ref: ContainerRef): boolean {
  return lstatSync(markerFile(ref), { throwIfNoEntry: false }) !== undefined;
}

export function markPartial(ref: ContainerRef, outside: Partial = {}): void {
  writeMarker(markerFile(ref), outside);
}

/** The same in a directory that does not have the container's name yet. */
export function markPartialIn(directory: string, outside: Partial): void {
  writeMarker(join(directory, PARTIAL), outside);
}

/** What was in the container's directory before; undefined where the directory itself is new. */
export function keptEntries(ref: ContainerRef): readonly string[] | undefined {
  return readMarker<Partial>(markerFile(ref))?.kept;
}

/** Says more about the thing being made. The marker is there at all times. */
export function remarkPartial(ref: ContainerRef, outside: Partial): void {
  const fresh = join(containerDirectory(ref), '.partial');
  rmSync(fresh, { force: true });
  writeMarker(fresh, outside);
  renameSync(fresh, markerFile(ref));
}

export function unmarkPartial(ref: ContainerRef): void {
  unlinkSync(markerFile(ref));
}

/**
 * LXC marks with a lock on the file itself; one of its commands may be at work in the same
 * directory.
 */
export function isHeldByLxc(ref: ContainerRef): boolean {
  const inode = lstatSync(markerFile(ref), { throwIfNoEntry: false })?.ino;
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => /:([0-9]+) [0-9]+ (?:EOF|[0-9]+)$/.exec(line)?.[1] === String(inode));
}

/** What making a root filesystem at `path` would find there. */
export function lookBefore(path: string): OutsideRootfs {
  const parents: string[] = [];
  for (let above = dirname(path); !lstatSync(above, { throwIfNoEntry: false }); above = dirname(above))
    parents.push(above);
  if (!lstatSync(path, { throwIfNoEntry: false })) return { path, before: 'missing', parents };
  return { path, before: readdirSync(path).length === 0 ? 'empty' : 'full', parents };
}

/** Makes the directories above a root filesystem: no other user comes by them (CVE-2021-41091). */
export function makeParents(rootfs: OutsideRootfs): void {
  for (const parent of rootfs.parents.toReversed()) mkdirSync(parent, { mode: 0o700 });
}

/**
 * Removes what the marker says was made outside the container's directory, and nothing that was
 * there before.
 */
export async function removeMadeOutside(ref: ContainerRef): Promise<void> {
  const { rootfs, volume } = readMarker<Partial>(markerFile(ref)) ?? {};
  if (volume) await storeOf(volume).remove(volume);
  if (!rootfs) return;
  if (rootfs.before === 'missing') await removeTree(rootfs.path);
  if (rootfs.before === 'empty') {
    for (const entry of readdirSync(rootfs.path)) await removeTree(join(rootfs.path, entry));
  }
  for (const parent of rootfs.parents) {
    try {
      rmdirSync(parent);
    } catch {
      // Another container uses it by now, or it is gone.
      return;
    }
  }
}
