/**
 * What a start takes from the host's tree: the root filesystem, sources of bind mounts, device
 * nodes. They are opened with the host's privileges before any namespace is entered. A `pre-mount`
 * hook may bring them, though, in the container's mount namespace: then they are opened, or opened
 * anew, after the hook.
 */
import { fstatSync, statSync } from 'node:fs';
import type { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { openDeviceSources } from './dev.ts';
import { openBindSources } from './mounts.ts';
import type { MountStep, StartStagePlan } from './plan.ts';
import { openRootfs } from './rootfs.ts';
import type { Carried } from './tree.ts';

/** Opened now, and the step that follows the pre-mount hooks. */
export interface HostPaths {
  readonly carried: Carried;
  readonly afterPreMount: ((carried: Carried) => Carried) | undefined;
}

/**
 * @param userns descriptor of the container's user namespace
 * @param layers of one with the map for layers that the host sees as well
 */
export function openHostPaths(
  kernel: Kernel,
  plan: StartStagePlan,
  userns: number | undefined,
  layers?: number,
): HostPaths {
  const hooked = plan.hooks.some(({ type }) => type === 'pre-mount');
  const devices = userns !== undefined && plan.dev ? openDeviceSources(kernel, plan.dev) : undefined;
  if (hooked && userns === undefined)
    return {
      carried: { rootfs: -1, sources: new Map(), devices },
      afterPreMount: () => openAll(kernel, plan, {}, devices),
    };
  if (hooked)
    return {
      carried: openPresent(kernel, plan, { userns, layers }, devices),
      afterPreMount: (carried) => openChanged(kernel, plan, carried),
    };
  return { carried: openAll(kernel, plan, { userns, layers }, devices), afterPreMount: undefined };
}

/** User namespaces whose maps mounts get. */
interface Maps {
  readonly userns?: number | undefined;
  readonly layers?: number | undefined;
}

function openAll(
  kernel: Kernel,
  plan: StartStagePlan,
  { userns, layers }: Maps,
  devices: Carried['devices'],
): Carried {
  return {
    rootfs: openRootfs(kernel, plan, userns, layers),
    sources: openBindSources(kernel, plan.mounts, userns),
    devices,
  };
}

/** Without paths that are missing: a hook may make them. */
function openPresent(
  kernel: Kernel,
  plan: StartStagePlan,
  { userns, layers }: Maps,
  devices: Carried['devices'],
): Carried {
  const present = plan.mounts.map((step) => (inodeOf(() => statSync(step.source)) ? step : NO_BIND));
  return {
    rootfs: ifThere(() => openRootfs(kernel, plan, userns, layers)) ?? -1,
    sources: openBindSources(kernel, present, userns),
    devices,
  };
}

const NO_BIND: MountStep = {
  what: '',
  kind: 'filesystem',
  source: '',
  target: '',
  fstype: '',
  flags: 0,
  data: '',
  propagation: 0,
  optional: true,
};

/**
 * Paths that lead elsewhere since the hooks ran are opened again. This process is the mapped root
 * by now: what such a hook has mounted is shown with the owners that it has.
 */
function openChanged(kernel: Kernel, plan: StartStagePlan, carried: Carried): Carried {
  const { volume } = plan.rootfs;
  // A path that the mapped root cannot reach is as the hooks found it.
  const same = (path: string, fd: number | undefined) =>
    fd !== undefined &&
    fd >= 0 &&
    [undefined, inodeOf(() => fstatSync(fd))].includes(inodeOf(() => statSync(path)));
  const rootfs =
    carried.rootfs >= 0 && (volume.kind !== 'tree' || same(volume.path, carried.rootfs))
      ? carried.rootfs
      : openRootfs(kernel, plan, undefined);
  const changed = plan.mounts.map((step, index) =>
    step.kind === 'bind' && !same(step.source, carried.sources.get(index)) ? step : NO_BIND,
  );
  const sources = new Map([...carried.sources, ...openBindSources(kernel, changed, undefined)]);
  return { ...carried, rootfs, sources };
}

/** Device and inode, which tell files apart; undefined where there is none. */
function inodeOf(look: () => { readonly dev: number; readonly ino: number }): string | undefined {
  try {
    const { dev, ino } = look();
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function ifThere<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as TslxcError).errno ?? '')) return undefined;
    throw error;
  }
}
