/**
 * Keeps `NAME/rootfs` of a container on layers what it is for any other container: its files, on
 * the host. See src/storage/rootfs-view.ts for how.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../config/load-config.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { hostProcess, isHostDirectory } from '../../storage/host-namespace.ts';
import { type OverlayLayers, overlayLayers } from '../../storage/overlay-path.ts';
import { volumeOf } from '../../storage/rootfs-path.ts';
import {
  isViewLink,
  isViewOf,
  isViewShown,
  linkToView,
  makeViewPoint,
  mountView,
  noteShown,
  overlayOptions,
  refuseMountsInView,
  removeViewPoint,
  unmountView,
  VIEWS,
  viewKind,
  viewPath,
  viewSource,
  withViewLock,
} from '../../storage/rootfs-view.ts';
import { lockContainer } from '../state/lock.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { liveRecord } from '../state/runtime-record.ts';
import { isPlaceholder, removePlaceholder, upperIn } from './overlay-directory.ts';

/**
 * Mounts the files of a container at the place that `NAME/rootfs` leads to, unless they are, or it
 * has no such link. A container that runs has seen to that at its start. The caller holds the
 * container's lock.
 * @param onTrouble hears why they cannot be shown
 */
export function showRootfs(ref: ContainerRef, onTrouble: (text: string) => void = () => {}): void {
  const rootfs = join(containerDirectory(ref), 'rootfs');
  try {
    if (!isViewLink(rootfs) && !replacePlaceholder(ref, rootfs)) return;
    if (!isShown(ref) && !liveRecord(ref)) showStopped(linuxKernel(), ref);
  } catch (error) {
    onTrouble(`its files cannot be shown at ${rootfs}: ${(error as Error).message}`);
  }
}

/** Shows the files, and says where this process sees them; undefined where it does not. */
export function shownAt(ref: ContainerRef): string | undefined {
  // If the host's mounts belong to another mount namespace, the view appears once nothing is
  // mounted here.
  if (hostProcess() === undefined) showRootfs(ref);
  return isShown(ref) ? viewPath(containerDirectory(ref)) : undefined;
}

/**
 * The same for a caller without the container's lock: the holder of the lock shows the files in the
 * end.
 */
export function showUnlocked(ref: ContainerRef): void {
  let lock: Disposable;
  try {
    lock = lockContainer(ref);
  } catch {
    return;
  }
  using _lock = lock;
  showRootfs(ref);
}

/** The same for a container that has stopped, even if its record says otherwise. */
export function showStopped(kernel: Kernel, ref: ContainerRef): void {
  const rootfs = join(containerDirectory(ref), 'rootfs');
  const layers = layersOf(ref);
  if (!layers || !isViewLink(rootfs)) return;
  const view = viewPath(containerDirectory(ref));
  withViewLock(kernel, view, () => {
    const mounts = mountsFor(kernel, ref);
    // The container may have had another name when the link was made.
    if (!leadsTo(rootfs, view)) relink(rootfs, containerDirectory(ref));
    if (mounts.kind(view) === 'mapped' || !isViewOf(view, layers.upper)) mounts.unmount(view, false);
    if (mounts.kind(view) === undefined) mounts.mount(view, layers);
  });
}

/**
 * Unmounts them, before the upper directory becomes a layer or goes elsewhere.
 * @throws TslxcError CONTAINER_BUSY where a process of the host may still write, STORAGE
 */
export function hideRootfs(ref: ContainerRef): void {
  hide(ref, true);
}

/** Unmounts them, since they are about to be removed. @throws TslxcError STORAGE */
export function dropRootfs(ref: ContainerRef): void {
  hide(ref, false);
}

function hide(ref: ContainerRef, settled: boolean): void {
  const view = viewPath(containerDirectory(ref));
  if (!existsSync(view) && hostProcess() === undefined) return;
  const kernel = linuxKernel();
  withViewLock(kernel, view, () => mountsFor(kernel, ref).unmount(view, settled));
}

/** @throws TslxcError STORAGE when something is mounted below a container's files */
export function refuseMountsInRootfs(ref: ContainerRef): void {
  refuseMountsInView(viewPath(containerDirectory(ref)));
}

/**
 * Shows the files of all containers of a directory: for the first command after a reboot of the
 * host. What cannot be shown is left to the commands that change that container, which say why.
 */
export function showAll(lxcpath: string): void {
  for (const name of entriesOf(lxcpath))
    if (!name.startsWith('.') && isViewLink(join(lxcpath, name, 'rootfs'))) showUnlocked({ name, lxcpath });
  noteShown(lxcpath);
}

/** Unmounts views whose containers have been removed by hand. */
export function sweepViews(): void {
  for (const entry of entriesOf(VIEWS)) {
    const views = join(VIEWS, entry.replace(/\.lock$/, ''));
    const lxcpath = entry.endsWith('.lock') ? textOf(join(VIEWS, entry)) : undefined;
    if (entry.endsWith('.shown')) sweepNote(join(VIEWS, entry));
    if (!lxcpath) continue;
    for (const name of entriesOf(views)) {
      const ref = { name, lxcpath };
      if (name.startsWith('.') || leadsTo(join(lxcpath, name, 'rootfs'), viewPath(join(lxcpath, name))))
        continue;
      try {
        using _lock = lockContainer(ref);
        dropRootfs(ref);
      } catch {
        // At work, or in use by something else: a later command tries again.
      }
    }
    if (!isThere(lxcpath) && !isThere(views))
      for (const file of ['lock', 'shown']) rmSync(`${views}.${file}`, { force: true });
  }
}

/** The note of a container directory that is gone: its second line names the directory. */
function sweepNote(note: string): void {
  const lxcpath = textOf(note)?.split('\n')[1];
  if (!lxcpath || !isThere(lxcpath)) rmSync(note, { force: true });
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * The layers that are shown for a container; undefined if its root filesystem is not in its
 * directory on layers.
 */
function layersOf(ref: ContainerRef): OverlayLayers | undefined {
  const setting = readConfig(configFile(ref), { name: ref.name }).config.get('lxc.rootfs.path');
  const volume = setting && volumeOf(setting.value);
  if (volume?.type !== 'overlay') return undefined;
  const layers = overlayLayers(volume.path);
  return layers.upper === upperIn(containerDirectory(ref)) ? layers : undefined;
}

function isShown(ref: ContainerRef): boolean {
  return isViewShown(containerDirectory(ref));
}

function leadsTo(rootfs: string, view: string): boolean {
  try {
    return readlinkSync(rootfs) === view;
  } catch {
    return false;
  }
}

function relink(rootfs: string, directory: string): void {
  const fresh = `${rootfs}.new`;
  rmSync(fresh, { force: true });
  linkToView(fresh, directory);
  renameSync(fresh, rootfs);
}

/** The folder with a text that earlier versions put in the place of the files. */
function replacePlaceholder(ref: ContainerRef, rootfs: string): boolean {
  try {
    if (!existsSync(join(rootfs, 'README')) || !isPlaceholder(rootfs)) return false;
    if (layersOf(ref) === undefined) return false;
    removePlaceholder(rootfs);
    linkToView(rootfs, containerDirectory(ref));
    return true;
  } catch {
    return false;
  }
}

interface ViewMounts {
  kind(view: string): ReturnType<typeof viewKind>;
  mount(view: string, layers: OverlayLayers): void;
  unmount(view: string, settled: boolean): void;
}

/** Where the host's processes are in another mount namespace than this one, tools do it there. */
function mountsFor(kernel: Kernel, ref: ContainerRef): ViewMounts {
  const host = hostProcess();
  if (host !== undefined && isHostDirectory(host, ref.lxcpath)) return mountsOf(host);
  return {
    kind: (view) => viewKind(view),
    mount(view, layers) {
      mountView(kernel, view, layers);
    },
    unmount: (view, settled) => unmountView(kernel, view, settled),
  };
}

function mountsOf(host: number): ViewMounts {
  const run = (...command: string[]) => {
    const { status, stderr, error } = spawnSync(
      'nsenter',
      [`--mount=/proc/${host}/ns/mnt`, '--', ...command],
      {
        encoding: 'utf8',
      },
    );
    if (error) throw error;
    if (status !== 0) throw new Error(stderr.trim().split('\n')[0] ?? `${command[0]} failed`);
  };
  const kind = (view: string) => viewKind(view, host);
  return {
    kind,
    mount(view, layers) {
      makeViewPoint(view, layers);
      run('mount', '-i', '-t', 'overlay', '-o', overlayOptions(layers), viewSource('plain'), view);
      run('mount', '--make-private', view);
    },
    unmount(view) {
      while (kind(view) !== undefined) run('umount', '-l', view);
      removeViewPoint(view);
    },
  };
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
