/**
 * The container's tree of mounts, put together below the root filesystem's mount point, and the
 * change of root to it. Until then the host's tree is still visible (hooks need it).
 */

import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AT, MNT_DETACH, MOVE_MOUNT, MS, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { coverBootId } from './boot-id.ts';
import type { StageLogLevel } from './channel.ts';
import { linkDescriptors, mountDev, populateDev } from './dev.ts';
import { makeDirectoryInRoot, openInRoot } from './in-root.ts';
import { doMounts, setMountFlags } from './mounts.ts';
import type { StartStagePlan } from './plan.ts';

/** Descriptors opened outside, with the host's privileges. */
export interface Carried {
  /** Detached mount of the root filesystem. */
  readonly rootfs: number;
  /** Detached mounts of bind sources, by step. */
  readonly sources: ReadonlyMap<number, number>;
  /** Detached mounts of device nodes, where the container may not make its own. */
  readonly devices: readonly number[] | undefined;
}

/** What happens along the way: hooks of a type, a line for the log. */
export interface Alongside {
  hooks(type: string): void;
  log(text: string, level?: StageLogLevel): void;
}

/** @returns descriptors of the container's root and of its /dev */
export function assembleTree(
  kernel: Kernel,
  plan: StartStagePlan,
  carried: Carried,
  { hooks, log }: Alongside,
): { root: number; dev: number } {
  const root = attachRootfs(kernel, plan, carried.rootfs);
  // Mount points that every distribution has; some images leave them out.
  const essential = ['proc', 'sys', 'dev'].filter(
    (name) => plan.mounts.some((m) => m.target === name) || name === 'dev',
  );
  for (const name of essential)
    inEssential(name, () => kernel.close(makeDirectoryInRoot(kernel, root, name)));
  const dev = inEssential('dev', () =>
    plan.dev ? mountDev(kernel, root, plan.dev) : openInRoot(kernel, root, 'dev', O.DIRECTORY),
  );
  // Entries may mount on it, as with LXC, before the terminals do.
  if (plan.dev) kernel.close(makeDirectoryInRoot(kernel, dev, 'pts'));
  doMounts(kernel, root, plan.mounts, carried.sources, log);
  hooks('mount');
  if (plan.dev) {
    hooks('autodev');
    populateDev(kernel, dev, plan.dev, carried.devices);
    coverBootId(kernel, root, dev);
  } else linkDescriptors(kernel, dev);
  return { root, dev };
}

function attachRootfs(kernel: Kernel, plan: StartStagePlan, tree: number): number {
  const flags = MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_SYMLINKS;
  kernel.moveMount(tree, '', AT.FDCWD, plan.rootfs.mountPoint, flags);
  const root = kernel.openat2(AT.FDCWD, plan.rootfs.mountPoint, O.PATH | O.DIRECTORY, 0, 0);
  setMountFlags(kernel, root, plan.rootfs.flags, false);
  kernel.close(tree);
  return root;
}

const REMEDY: Readonly<Record<string, string>> = {
  EROFS: 'the root filesystem is read-only: make the directory in it beforehand',
  ENOENT: 'it is a symbolic link to nowhere: make it a directory',
  ENOTDIR: 'make it a directory',
  ENOSPC: 'the disk of the root filesystem is full',
};

/** Acts on a top directory that a container needs. */
function inEssential<T>(name: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const failure = toTslxcError(error, 'MOUNT_FAILED');
    const { errno } = failure;
    throw new TslxcError({
      ...failure.toJSON(),
      step: `prepare /${name}`,
      message: `cannot use /${name} of the root filesystem${errno ? `: ${errno}` : ''}`,
      ...(errno && REMEDY[errno] ? { hint: REMEDY[errno] } : {}),
      cause: error,
    });
  }
}

/**
 * Makes the tree shared, as LXC does: kubelet, containerd and `docker run -v …:rshared` ask for it,
 * and only systemd does it by itself. A slave of a host's mount becomes the only peer of a new
 * group, so that nothing reaches the host. A propagation that the config names stays.
 */
function shareTree(kernel: Kernel, root: number, steps: StartStagePlan['mounts']): void {
  kernel.mountSetattr(root, '', AT.EMPTY_PATH | AT.RECURSIVE, { propagation: MS.SHARED });
  for (const { kind, target, propagation, optional } of steps) {
    if (propagation === 0 || kind === 'readonly') continue;
    try {
      const mounted = openInRoot(kernel, root, target);
      const recursive = propagation & MS.REC ? AT.RECURSIVE : 0;
      kernel.mountSetattr(mounted, '', AT.EMPTY_PATH | recursive, { propagation: propagation & ~MS.REC });
      kernel.close(mounted);
    } catch (error) {
      if (!optional) throw error;
    }
  }
}

/** Changes the root of the namespace and drops the host's tree. */
export function enterRoot(kernel: Kernel, root: number, steps: StartStagePlan['mounts']): void {
  kernel.fchdir(root);
  kernel.pivotRoot('.', '.');
  // The old root lies on top of the new one now: this removes it.
  kernel.umount('.', MNT_DETACH);
  process.chdir('/');
  // Not before: pivot_root(2) refuses (EINVAL) a shared mount.
  shareTree(kernel, root, steps);
  kernel.close(root);
}
