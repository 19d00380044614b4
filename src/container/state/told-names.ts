/**
 * Warnings that a start gives once: for each file of a container's config that it uses names from
 * before LXC 3.0, and for each kind of other ones. Kept below the run directory, so until the
 * host's next boot.
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
  const fresh = warnings.filter((warning) => !told.has(keyOf(warning)));
  for (const warning of fresh) told.add(keyOf(warning));
  if (fresh.length > 0) writeTold(ref, [...told]);
  return fresh;
}

const keyOf = ({ code, file = '' }: TslxcError) => (code === 'CONFIG_SYNTAX' ? file : `${code} ${file}`);

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
