/**
 * Subvolumes of btrfs: trees that are removed, copied and counted each by itself, although they
 * look like directories.
 */
import { lstatSync, lutimesSync, rmdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { runTool } from './run-tool.ts';
import { volumeTool } from './volume-tool.ts';

const BTRFS_MAGIC = 0x9123683e;
/** Inode number of every subvolume's root directory, and of nothing else's on btrfs. */
const ROOT_INODE = 256;
/** Inode number of the empty directory that a snapshot has where there was a subvolume. */
const PLACEHOLDER_INODE = 2;

/** Whether something on btrfs is there. */
export function isOnBtrfs(path: string): boolean {
  try {
    return statfsSync(path).type === BTRFS_MAGIC;
  } catch {
    return false;
  }
}

export function isSubvolume(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.ino === ROOT_INODE && isOnBtrfs(path);
}

/**
 * Subvolumes below a directory, relative to it, each after the one that it is in. Guests make them
 * as well (systemd for /var/lib/machines, Docker for its layers), under any name.
 */
export async function subvolumesBelow(path: string): Promise<string[]> {
  return isOnBtrfs(path) ? await search(path, ROOT_INODE) : [];
}

async function search(path: string, inode: number): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  // find reports directories on other devices, such as subvolumes, without entering them.
  const args = [path, '-xdev', '-mindepth', '1', '-type', 'd', '-inum', String(inode), '-printf', '%P\\0'];
  await runTool({ tool: 'find', args, package: 'findutils', onChunk: (chunk) => chunks.push(chunk) });
  const found = Buffer.concat(chunks).toString().split('\0').filter(Boolean);
  const all: string[] = [];
  for (const name of found) {
    all.push(name);
    if (inode === ROOT_INODE)
      for (const inner of await search(join(path, name), inode)) all.push(join(name, inner));
  }
  return all;
}

/**
 * Runs btrfs(8). @throws TslxcError STORAGE with its words (errno EXDEV where it tells of another
 * filesystem)
 */
export async function btrfs(...args: readonly string[]): Promise<string[]> {
  try {
    return await volumeTool('btrfs', args, 'btrfs-progs');
  } catch (error) {
    const elsewhere = error instanceof TslxcError && /cross-device|not a btrfs/.test(error.message);
    throw elsewhere ? error.with({ errno: 'EXDEV' }) : error;
  }
}

/**
 * Removes a directory's subvolumes, and the directory itself when it is one. Read-only ones are
 * made writable first.
 */
export async function deleteSubvolumes(path: string): Promise<void> {
  const inner = (await subvolumesBelow(path)).map((name) => join(path, name));
  const all = isSubvolume(path) ? [path, ...inner] : inner;
  // Subvolumes inside a read-only subvolume cannot be removed.
  if (inner.length > 0)
    for (const subvolume of all)
      await btrfs('property', 'set', '-f', '-ts', subvolume, 'ro', 'false').catch(() => undefined);
  for (const subvolume of all.toReversed()) await btrfs('subvolume', 'delete', subvolume);
}

/**
 * Makes `to` a writable snapshot of a subvolume, and of those in it (which the kernel leaves out)
 * as well.
 */
export async function snapshotSubvolumes(from: string, to: string): Promise<void> {
  const inner = await subvolumesBelow(from);
  await btrfs('subvolume', 'snapshot', from, to);
  for (const name of inner) {
    const place = join(to, name);
    if (lstatSync(place, { throwIfNoEntry: false })?.ino !== PLACEHOLDER_INODE) continue;
    await replacePlaceholder(join(from, name), place);
  }
}

/** The directory above keeps its time. */
async function replacePlaceholder(from: string, place: string): Promise<void> {
  const above = join(place, '..');
  const { atime, mtime } = lstatSync(above);
  rmdirSync(place);
  await btrfs('subvolume', 'snapshot', from, place);
  lutimesSync(above, atime, mtime);
}
