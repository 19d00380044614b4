/**
 * The root filesystem as a detached mount, made with the host's privileges. What has to be mounted
 * first (a device, an overlay) is mounted in a mount namespace that this stage alone has: however
 * the stage ends, no mount and no loop device is left on the host.
 */
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AT, CLONE, MNT_DETACH, MOVE_MOUNT, MS, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { hostIdOf } from '../security/id-map.ts';
import { filesystemsToTry } from '../storage/filesystem-type.ts';
import { hostProcess, inHostNamespace, inNamespace, isHostDirectory } from '../storage/host-namespace.ts';
import {
  isolateView,
  isViewOf,
  makeViewPoint,
  mountView,
  unmountView,
  viewKind,
  viewSource,
  withViewLock,
} from '../storage/rootfs-view.ts';
import { cloneTree, mapOwners, openHostTree } from './mounts.ts';
import type { RootfsVolume, StartStagePlan } from './plan.ts';

type Of<K extends RootfsVolume['kind']> = Extract<RootfsVolume, { kind: K }>;

/**
 * How a volume of each kind becomes a detached mount, with mapped owners where there is a user
 * namespace.
 */
const OPEN: {
  readonly [K in RootfsVolume['kind']]: (
    kernel: Kernel,
    plan: StartStagePlan,
    volume: Of<K>,
    userns: number | undefined,
  ) => number;
} = {
  tree(kernel, plan, { path }, userns) {
    // Not every file system can be mapped: mounts below the root stay outside an idmapped
    // one.
    const whole = userns === undefined && plan.rootfs.idmap === undefined;
    return mapped(kernel, openHostTree(kernel, path, whole), plan, userns);
  },
  block: (kernel, plan, { device, fstype }, userns) =>
    mapped(kernel, mountDevice(kernel, plan, device, fstype), plan, userns),
  loop(kernel, plan, { file }, userns) {
    const readOnly = (plan.rootfs.flags & MS.RDONLY) !== 0;
    const image = openSync(file, (readOnly ? O.RDONLY : O.RDWR) | O.CLOEXEC);
    const loop = kernel.attachLoop(image, file, readOnly);
    closeSync(image);
    const tree = mountDevice(kernel, plan, loop.path, undefined);
    // From here on the mount holds the device.
    kernel.close(loop.device);
    return mapped(kernel, tree, plan, userns);
  },
  overlay: openLayers,
};

/** @throws TslxcError MOUNT_FAILED with the config's line */
export function openRootfs(
  kernel: Kernel,
  plan: StartStagePlan,
  userns: number | undefined,
  /** User namespace with the map of layers that the host sees as well. */
  layers?: number,
): number {
  const { volume, source, origin } = plan.rootfs;
  try {
    return plan.rootfs.inMemory
      ? mountVolatile(kernel, plan, userns)
      : OPEN[volume.kind](
          kernel,
          plan,
          volume as never,
          volume.kind === 'overlay' ? (layers ?? userns) : userns,
        );
  } catch (error) {
    const failure = toTslxcError(error, 'MOUNT_FAILED');
    throw new TslxcError({
      ...failure.toJSON(),
      ...origin,
      step: 'open the root filesystem',
      message:
        (userns !== undefined || plan.rootfs.idmap !== undefined) && failure.errno === 'EINVAL'
          ? `the file system of ${source} cannot be mounted with mapped owners (idmapped mounts)`
          : `cannot open the root filesystem ${source}: ${failure.message}`,
      // The kernel says no more than that.
      ...(volume.kind === 'overlay' && failure.errno === 'EINVAL'
        ? {
            hint: `what is written goes to ${volume.work.directory}: that has to be writable, and no overlay itself`,
          }
        : {}),
      cause: error,
    });
  }
}

function mapped(
  kernel: Kernel,
  tree: number,
  { rootfs }: Pick<StartStagePlan, 'rootfs'>,
  userns: number | undefined,
): number {
  mapOwners(kernel, tree, rootfs.idmap ?? 'container', userns, false);
  return tree;
}

function leaveHostMounts(kernel: Kernel): void {
  kernel.unshare(CLONE.NEWNS);
  kernel.mount('', '/', '', MS.SLAVE | MS.REC, '');
}

function mountDevice(
  kernel: Kernel,
  { rootfs }: StartStagePlan,
  device: string,
  fstype: string | undefined,
): number {
  leaveHostMounts(kernel);
  let failure: unknown;
  for (const type of fstype === undefined ? filesystemsToTry(device) : [fstype])
    try {
      kernel.mount(device, rootfs.mountPoint, type, rootfs.flags, rootfs.data);
      return takeOff(kernel, rootfs.mountPoint, 1);
    } catch (error) {
      failure ??= error;
    }
  throw failure ?? new TslxcError({ code: 'MOUNT_FAILED', message: 'no file system is found on it' });
}

/**
 * Whether a container needs an overlay of its own: with an id map the layers are mounted with the
 * owners that it sees, and not as the host sees them while it is stopped. While it runs the host
 * sees that one instead.
 */
export function needsOwnOverlay({ rootfs, idmap }: StartStagePlan): boolean {
  if (rootfs.volume.kind !== 'overlay' || rootfs.volume.view === undefined || rootfs.inMemory) return false;
  return idmap.length > 0 || rootfs.data !== '';
}

/**
 * Makes one overlay for an upper directory: the container and the host's view have copies of the
 * same mount.
 */
function openLayers(
  kernel: Kernel,
  plan: StartStagePlan,
  volume: Of<'overlay'>,
  userns: number | undefined,
): number {
  const { view, work } = volume;
  const host = hostProcess();
  // What the host's processes find by this path is not what this one does: there is nothing to show
  // there.
  if (view === undefined || (host !== undefined && !isHostDirectory(host, work.directory)))
    return mountOverlay(kernel, plan, volume, userns);
  return withViewLock(kernel, view, () =>
    needsOwnOverlay(plan)
      ? mountAndShow(kernel, plan, { ...volume, view }, userns, host)
      : inHostNamespace(kernel, host, () => copyOfView(kernel, { ...volume, view })),
  );
}

type Shown = Of<'overlay'> & { readonly view: string };

function copyOfView(kernel: Kernel, { view, lowers, upper, work }: Shown): number {
  const { directory, name } = work;
  const layers = { lowers, upper: `${directory}/${upper}`, work: `${directory}/${name}` };
  if (viewKind(view) === 'mapped' || !isViewOf(view, layers.upper)) unmountView(kernel, view, true);
  if (viewKind(view) === undefined) mountView(kernel, view, layers);
  return openHostTree(kernel, view, false);
}

function mountAndShow(
  kernel: Kernel,
  plan: StartStagePlan,
  volume: Shown,
  userns: number | undefined,
  host: number | undefined,
): number {
  const { view, lowers, upper, work } = volume;
  const layers = { lowers, upper: `${work.directory}/${upper}`, work: `${work.directory}/${work.name}` };
  // Before mountOverlay leaves the namespace in which the view is.
  const home = openSync(
    host === undefined ? '/proc/self/ns/mnt' : `/proc/${host}/ns/mnt`,
    O.RDONLY | O.CLOEXEC,
  );
  inHostNamespace(kernel, host, () => unmountView(kernel, view, true));
  let copy = -1;
  const tree = mountOverlay(kernel, plan, volume, userns, viewSource('mapped'), (at) => {
    copy = cloneTree(kernel, at);
  });
  inNamespace(kernel, home, () => {
    makeViewPoint(view, layers);
    kernel.moveMount(copy, '', AT.FDCWD, view, MOVE_MOUNT.F_EMPTY_PATH);
    isolateView(kernel, view);
  });
  kernel.close(copy);
  kernel.close(home);
  return tree;
}

/**
 * An overlay takes no map itself; its layers do. The kernel takes layers with a map from mounts of
 * the caller's own mount namespace only (detached ones not before 6.15), and makes files in the
 * layers as who mounted the overlay: that has to be a user whom the map knows, with the
 * capabilities of root. So the state on the disk (owners, the attributes trusted.overlay.*) does
 * not depend on the map, and the same container can be started with another one or with none.
 */
function mountOverlay(
  kernel: Kernel,
  plan: StartStagePlan,
  { lowers, upper, work }: Of<'overlay'>,
  userns: number | undefined,
  source = 'overlay',
  also: (at: number) => void = () => {},
): number {
  mkdirSync(`${work.directory}/${work.name}`, { recursive: true, mode: 0o700 });
  const open = (path: string) => mapped(kernel, openHostTree(kernel, path, false), plan, userns);
  const below = lowers.map(open);
  return stack(
    kernel,
    plan,
    below,
    { tree: open(work.directory), upper, work: work.name },
    userns,
    source,
    also,
  );
}

/**
 * The same root filesystem, which is only read: writes are in memory, and gone when it is
 * unmounted.
 */
function mountVolatile(kernel: Kernel, plan: StartStagePlan, userns: number | undefined): number {
  const { volume, mountPoint } = plan.rootfs;
  const open = (path: string) => mapped(kernel, openHostTree(kernel, path, false), plan, userns);
  const below =
    volume.kind === 'overlay'
      ? [`${volume.work.directory}/${volume.upper}`, ...volume.lowers].map(open)
      : [OPEN[volume.kind](kernel, plan, volume as never, userns)];
  leaveHostMounts(kernel);
  kernel.mount('tmpfs', mountPoint, 'tmpfs', MS.NODEV | MS.NOSUID, 'mode=0711');
  for (const name of ['upper', 'work']) mkdirSync(`${mountPoint}/${name}`);
  // Without an id map, which tmpfs supports from 6.3 on: owners in memory do not matter later.
  const memory = takeOff(kernel, mountPoint, 1);
  const { uid, gid, mode } = statSync(`/proc/self/fd/${below[0]}`);
  chownSync(`/proc/self/fd/${memory}/upper`, uid, gid);
  chmodSync(`/proc/self/fd/${memory}/upper`, mode & 0o7777);
  return stack(kernel, plan, below, { tree: memory, upper: 'upper', work: 'work' }, userns);
}

/** An overlay of detached mounts. Both parts of the upper one have to be on one mount. */
function stack(
  kernel: Kernel,
  { rootfs, idmap }: StartStagePlan,
  below: readonly number[],
  above: { readonly tree: number; readonly upper: string; readonly work: string },
  userns: number | undefined,
  source = 'overlay',
  also: (at: number) => void = () => {},
): number {
  leaveHostMounts(kernel);
  const layers = [...below, above.tree];
  for (const tree of layers) kernel.moveMount(tree, '', AT.FDCWD, rootfs.mountPoint, MOVE_MOUNT.F_EMPTY_PATH);
  // By descriptor: no path has a colon or comma in it that would have to be escaped, and many
  // layers are no long text.
  const place = (tree: number) => `/proc/self/fd/${tree}`;
  const options = [
    `lowerdir=${below.map(place).join(':')}`,
    `upperdir=${place(above.tree)}/${above.upper}`,
    `workdir=${place(above.tree)}/${above.work}`,
    ...(rootfs.data === '' ? [] : [rootfs.data]),
  ].join(',');
  const mount = () => kernel.mount(source, rootfs.mountPoint, 'overlay', rootfs.flags, options);
  if (userns === undefined) mount();
  else asMappedRoot(kernel, hostIdOf(idmap, 'u', 0)!, hostIdOf(idmap, 'g', 0)!, mount);
  const tree = takeOff(kernel, rootfs.mountPoint, layers.length + 1, also);
  for (const fd of layers) kernel.close(fd);
  return tree;
}

function asMappedRoot(kernel: Kernel, uid: number, gid: number, act: () => void): void {
  const capabilities = kernel.getCapabilities();
  kernel.setfsgid(gid);
  kernel.setfsuid(uid);
  kernel.setCapabilities({ ...capabilities, effective: capabilities.permitted });
  try {
    act();
  } finally {
    kernel.setfsuid(0);
    kernel.setfsgid(0);
    kernel.setCapabilities(capabilities);
  }
}

/**
 * Returns a detached copy of the mounts at a place, and removes `count` mounts from it, which
 * restores the place.
 * @param also called with the mount while it exists
 */
function takeOff(
  kernel: Kernel,
  place: string,
  count: number,
  also: (at: number) => void = () => {},
): number {
  const at = kernel.openat2(AT.FDCWD, place, O.PATH | O.DIRECTORY, 0, 0);
  const tree = cloneTree(kernel, at);
  also(at);
  kernel.close(at);
  for (let i = 0; i < count; i++) kernel.umount(place, MNT_DETACH);
  return tree;
}
