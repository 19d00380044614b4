/**
 * The files of a container on layers, for the host: `NAME/rootfs` is a link to a place below VIEWS,
 * where the layers and what was written above them are mounted as one tree. The container gets a
 * copy of that very mount, so there is one overlay for each upper directory.
 *
 * A link and not a mount point: `rm -rf NAME` and backups meet no mount, and where nothing is
 * mounted (after a reboot of the host, until the first command) a write fails instead of going to a
 * directory that is covered later.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { LOCK, MNT_DETACH, MS, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { shortHash } from '../util/short-hash.ts';
import { decodeOctal, mountsBelow } from './mount-table.ts';
import { escapeForOverlay, type OverlayLayers } from './overlay-path.ts';

/** Not below the run directory: removing that by hand must not reach the files of containers. */
export const VIEWS = '/run/rootfs.tslxc';

/**
 * How the mount table calls a view. `mapped`: made for a container that runs now, with the owners
 * that it sees.
 */
const SOURCE = { plain: 'overlay', mapped: 'overlay-mapped' } as const;
export type ViewKind = keyof typeof SOURCE;

/** Where the files of the container in `directory` (`LXCPATH/NAME`) are mounted. */
export function viewPath(directory: string): string {
  return join(VIEWS, shortHash(dirname(directory)), basename(directory));
}

/** Makes `rootfs` a link to the view of the container in `directory`. */
export function linkToView(rootfs: string, directory: string): void {
  symlinkSync(viewPath(directory), rootfs);
}

/** Whether a path is such a link, of any container. */
export function isViewLink(rootfs: string): boolean {
  try {
    return readlinkSync(rootfs).startsWith(`${VIEWS}/`);
  } catch {
    return false;
  }
}

/** Whether `rootfs` of a container leads to its view, and this process sees that mounted. */
export function isViewShown(directory: string): boolean {
  const view = viewPath(directory);
  try {
    return (
      readlinkSync(join(directory, 'rootfs')) === view &&
      statSync(view).dev !== statSync(dirname(view)).dev &&
      isViewOf(view, join(directory, 'overlay/delta'))
    );
  } catch {
    return false;
  }
}

/** A look at so many containers is not worth a note that it has been done. */
const FEW = 100;

/**
 * Whether a command on `lxcpath`, or on the container `name` there, has to mount views first. Costs
 * little: most commands ask, and are right to find none.
 */
export function areViewsDue(lxcpath: string, name: string | undefined): boolean {
  const due = (one: string) => isViewLink(join(lxcpath, one, 'rootfs')) && !isViewShown(join(lxcpath, one));
  if (name !== undefined && due(name)) return true;
  if (textOf(shownNote(lxcpath)) === bootId() + lxcpath) return false;
  try {
    const names = readdirSync(lxcpath);
    if (names.some(due)) return true;
    if (names.length > FEW) noteShown(lxcpath);
  } catch {
    // The command that uses the directory reports its fault.
  }
  return false;
}

/** Notes that the views of a container directory have been seen to since the boot of the host. */
export function noteShown(lxcpath: string): void {
  mkdirSync(VIEWS, { recursive: true, mode: 0o700 });
  writeFileSync(shownNote(lxcpath), bootId() + lxcpath);
}

/** A note of an earlier boot is none, where /run outlives one. */
function bootId(): string {
  return textOf('/proc/sys/kernel/random/boot_id') ?? '';
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function shownNote(lxcpath: string): string {
  return `${dirname(viewPath(join(lxcpath, 'any')))}.shown`;
}

/** The lock of the views of one container directory, whose text names that directory. */
export function viewLock(view: string): string {
  return `${dirname(view)}.lock`;
}

/**
 * Does it while no other process mounts or unmounts views of that container directory: a matter of
 * moments.
 */
export function withViewLock<T>(kernel: Kernel, view: string, act: () => T): T {
  mkdirSync(VIEWS, { recursive: true, mode: 0o700 });
  const lock = openSync(viewLock(view), O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC, 0o600);
  try {
    kernel.flock(lock, LOCK.EX);
    return act();
  } finally {
    closeSync(lock);
  }
}

/** The kind of the mount at a view, as a process sees it; undefined without a mount. */
export function viewKind(view: string, pid: number | 'self' = 'self'): ViewKind | undefined {
  const sources = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => decodeOctal(fields[4] ?? '') === view)
    .map((fields) => fields[fields.indexOf('-') + 2]);
  if (sources.length === 0) return undefined;
  return sources.at(-1) === SOURCE.mapped ? 'mapped' : 'plain';
}

/**
 * Note beside a view: the directory that takes its changes. A path alone could lead to another
 * directory by now.
 */
function upperNote(view: string): string {
  return join(dirname(view), `.${basename(view)}`);
}

function identity(directory: string): string {
  const { dev, ino } = statSync(directory);
  return `${dev}:${ino}`;
}

/**
 * Whether the mount at a view has this upper directory, and not one that was removed by hand since.
 */
export function isViewOf(view: string, upper: string): boolean {
  try {
    return textOf(upperNote(view)) === identity(upper);
  } catch {
    return false;
  }
}

/** Makes the mount point of a view. The caller holds the lock. */
export function makeViewPoint(view: string, { upper }: OverlayLayers): void {
  mkdirSync(VIEWS, { recursive: true, mode: 0o700 });
  mkdirSync(view, { recursive: true, mode: 0o755 });
  writeFileSync(upperNote(view), identity(upper));
  // LXCPATH/NAME/overlay/delta
  writeFileSync(viewLock(view), dirname(dirname(dirname(upper))));
}

/** Mounts layers, with the owners that are on the disk, in this process's mount namespace. */
export function mountView(kernel: Kernel, view: string, layers: OverlayLayers): void {
  makeViewPoint(view, layers);
  mkdirSync(layers.work, { recursive: true, mode: 0o700 });
  const paths = [...layers.lowers, layers.upper, layers.work];
  const opened = paths.map((path) => openSync(path, O.PATH | O.DIRECTORY | O.CLOEXEC));
  try {
    // By descriptor: the options fit into a page, and tell the container nothing of the host's
    // paths.
    const places = opened.map((fd) => `/proc/self/fd/${fd}`);
    const work = places.pop()!;
    const upper = places.pop()!;
    kernel.mount(SOURCE.plain, view, 'overlay', 0, overlayOptions({ lowers: places, upper, work }));
    isolateView(kernel, view);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** Separates the mounts below a view from those of the container, in both directions. */
export function isolateView(kernel: Kernel, view: string): void {
  kernel.mount('', view, '', MS.PRIVATE, '');
}

/** The name that a mount for `kind` gets in the mount table. */
export function viewSource(kind: ViewKind): string {
  return SOURCE[kind];
}

export function overlayOptions({ lowers, upper, work }: OverlayLayers): string {
  return [
    `lowerdir=${lowers.map(escapeForOverlay).join(':')}`,
    `upperdir=${escapeForOverlay(upper)}`,
    `workdir=${escapeForOverlay(work)}`,
  ].join(',');
}

/**
 * Unmounts a view, if it is mounted, in this process's mount namespace.
 * @param settled whether writes must have ended: a file open for writing is then an error
 * @throws TslxcError CONTAINER_BUSY, STORAGE if there is another mount below
 */
export function unmountView(kernel: Kernel, view: string, settled: boolean): void {
  refuseMountsInView(view);
  while (viewKind(view) !== undefined)
    try {
      kernel.umount(view, 0);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EBUSY') throw error;
      // A shell has it as its directory, or reads a file: neither can change anything once it is
      // read-only.
      if (settled) makeReadOnly(kernel, view);
      kernel.umount(view, MNT_DETACH);
    }
  removeViewPoint(view);
}

/** @throws TslxcError STORAGE with the first mount below a view */
export function refuseMountsInView(view: string): void {
  const [first] = mountsBelow(view).filter((path) => path !== view);
  if (first === undefined) return;
  throw new TslxcError({
    code: 'STORAGE',
    message: `${first} is a mount point`,
    errno: 'EBUSY',
    hint: `unmount it first: umount -R ${first}`,
  });
}

function makeReadOnly(kernel: Kernel, view: string): void {
  try {
    kernel.mount('', view, '', MS.REMOUNT | MS.RDONLY, '');
  } catch (error) {
    if ((error as { code?: string }).code !== 'EBUSY') throw error;
    throw new TslxcError({
      code: 'CONTAINER_BUSY',
      message: `a process of the host has a file below ${view} open for writing`,
      hint: `wait until it has ended; \`fuser -vm ${view}\` names it`,
    });
  }
}

/** The state of a view that is not mounted. */
export function removeViewPoint(view: string): void {
  rmSync(upperNote(view), { force: true });
  for (const path of [view, dirname(view)])
    try {
      rmdirSync(path);
    } catch {
      // Others are in it, or it is gone.
    }
}
