/**
 * What a container on layers has in its directory: `overlay/delta` takes what it writes,
 * `overlay/work` is the kernel's, and `rootfs` leads to all of its files (show-rootfs.ts). A
 * snapshot, which is never mounted, has a text there.
 */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isViewLink } from '../../storage/rootfs-view.ts';

const README = 'README';

const TEXT = `The files of this snapshot are not in this directory: it shares read-only layers with its
container. The line lxc.rootfs.path in its config names them all, the topmost first.

    tslxc-snapshot -n NAME -r SNAPSHOT -N NEWNAME   makes a container of it, which shares them as well
`;

/** Where the writes of a container (or snapshot) in `directory` go. */
export function upperIn(directory: string): string {
  return join(directory, 'overlay', 'delta');
}

/**
 * Makes an empty upper directory that looks like the root of the tree below it, with its work
 * directory.
 */
export function makeUpper(upper: string, like: string): void {
  mkdirSync(dirname(upper), { recursive: true, mode: 0o755 });
  mkdirSync(upper, { recursive: true });
  const { mode, uid, gid } = lstatSync(like);
  chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
  mkdirSync(join(dirname(upper), 'work'), { recursive: true, mode: 0o755 });
}

/** The root filesystem directory of a snapshot, with nothing but the text. */
export function makePlaceholder(rootfs: string): void {
  mkdirSync(rootfs, { recursive: true, mode: 0o755 });
  writeFileSync(join(rootfs, README), TEXT);
}

/** Whether there are no files in it: a link to the view, or a text. */
export function isPlaceholder(rootfs: string): boolean {
  if (isViewLink(rootfs)) return true;
  try {
    return readdirSync(rootfs).every((entry) => entry === README);
  } catch {
    return false;
  }
}

/** Removes it; an error when there is anything else in it. */
export function removePlaceholder(rootfs: string): void {
  if (!lstatSync(rootfs, { throwIfNoEntry: false })) return;
  if (isViewLink(rootfs)) {
    unlinkSync(rootfs);
    return;
  }
  rmSync(join(rootfs, README), { force: true });
  rmdirSync(rootfs);
}

/** Removes an upper directory that nothing was written to; an error when something was. */
export function removeEmptyUpper(upper: string): void {
  if (lstatSync(upper, { throwIfNoEntry: false })) rmdirSync(upper);
}

/** Whether nothing was written since it was made. */
export function isEmptyUpper(upper: string): boolean {
  return readdirSync(upper).length === 0;
}
