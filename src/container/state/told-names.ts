/**
 * For which files of a container's config a start has told that they use names from before LXC 3.0:
 * that is said once. Kept below the run directory, so until the host's next boot.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import { makeDirectories } from '../../util/make-directories.ts';
import { type ContainerRef, containerRunDirectory } from './paths.ts';

const toldFile = (ref: ContainerRef) => join(containerRunDirectory(ref), 'old-names-told');

/**
 * The warnings among these that no start of the container has given. From now on they count as
 * given.
 */
export function notToldYet(ref: ContainerRef, warnings: readonly TslxcError[]): TslxcError[] {
  if (warnings.length === 0) return [];
  const told = new Set(readTold(ref));
  const fresh = warnings.filter(({ file }) => file === undefined || !told.has(file));
  for (const { file } of fresh) if (file !== undefined) told.add(file);
  if (fresh.length > 0) writeTold(ref, [...told]);
  return fresh;
}

export function forgetToldNames(ref: ContainerRef): void {
  rmSync(toldFile(ref), { force: true });
}

function readTold(ref: ContainerRef): string[] {
  try {
    return readFileSync(toldFile(ref), 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

function writeTold(ref: ContainerRef, files: readonly string[]): void {
  try {
    makeDirectories(containerRunDirectory(ref), 0o700);
    writeFileSync(toldFile(ref), files.join('\0'), { mode: 0o600 });
  } catch {
    // A full disk: the next start tells it once more.
  }
}
