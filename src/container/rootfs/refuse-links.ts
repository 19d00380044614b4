/**
 * Files of a container that lie behind a symbolic link: a removal would take the link and leave the
 * files.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { isViewLink } from '../../storage/rootfs-view.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';

/**
 * @throws TslxcError STORAGE naming the first link among the paths, the container's own link to its
 *   files excepted
 */
export function refuseLinks(ref: ContainerRef, paths: readonly string[]): void {
  const link = paths.find(
    (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && !isViewLink(path),
  );
  if (link === undefined) return;
  const target = readlinkSync(link);
  throw new TslxcError({
    code: 'STORAGE',
    container: ref.name,
    message: `${link} is a symbolic link to ${target}, which would be left behind`,
    hint: `move ${target} to the place of the link first; to give the files up, remove both by hand`,
  });
}

/** What a removal of a container removes, besides a root filesystem elsewhere. */
export function placesOf(ref: ContainerRef): string[] {
  const directory = containerDirectory(ref);
  return [directory, ...['rootfs', 'overlay', 'snaps'].map((name) => join(directory, name))];
}
