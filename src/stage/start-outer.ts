/**
 * The first half of a start, outside the container: everything that needs the host's privileges or
 * the host's paths. What it opens here it carries across as descriptors.
 */
import { AT, CLONE, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ownerOf } from '../security/id-map.ts';
import { joinKeyring } from './become-init.ts';
import type { StageChannel } from './channel.ts';
import { enterClocks, openClockOffsets, setClockOffsets } from './clock-offsets.ts';
import { enterCgroups } from './enter-cgroups.ts';
import { type HostPaths, openHostPaths } from './host-paths.ts';
import { joinNamespace } from './joined.ts';
import { leaveHost } from './leave-host.ts';
import type { StartOrder } from './order.ts';
import type { StartStagePlan } from './plan.ts';
import { raiseHardLimits } from './resource-limits.ts';
import { startInner } from './start-inner.ts';
import type { Carried } from './tree.ts';
import { joinUserNamespace } from './user-namespace.ts';

/** Those that take the host's privileges to enter, or are for children only. */
const BEFORE_BIRTH = ['pid', 'uts', 'ipc', 'net', 'time'] as const;

export function startOuter(
  kernel: Kernel,
  channel: StageChannel,
  { plan, fds: { layers, ...fds }, initCgroup }: StartOrder,
): never {
  const userns = fds.user;
  const { carried, afterPreMount } = openOutside(kernel, plan, userns, layers);
  if (layers !== undefined) kernel.close(layers);
  // While the manager makes them, all of the above. A mapped root may not enter: it has to be there
  // before it is one.
  if (initCgroup === undefined) enterCgroups(channel.expect('cgroups').files);
  const offsets = plan.clockOffsets.length > 0 ? openClockOffsets(kernel) : -1;
  const cgroup = initCgroup === undefined ? undefined : openCgroup(kernel, initCgroup);
  leaveHost(kernel, [channel.fd, offsets, cgroup ?? -1, ...Object.values(fds), ...descriptorsOf(carried)]);
  // Init enters a cgroup namespace itself: its start inside a cgroup asks for sight of that.
  for (const name of BEFORE_BIRTH) if (fds[name] !== undefined) joinNamespace(kernel, name, fds[name]);
  if (userns !== undefined) {
    joinUserNamespace(kernel, userns, ownerOf(plan.idmap, plan.init));
    kernel.close(userns);
  }
  // The cgroup namespace's root is where its maker is: init makes it once it is there.
  kernel.unshare(plan.namespaces & ~CLONE.NEWCGROUP);
  if (offsets >= 0) setClockOffsets(kernel, offsets, plan.clockOffsets);
  if (plan.namespaces & CLONE.NEWTIME) enterClocks(kernel);
  // The keeper, a subreaper, becomes init's parent.
  const pid = kernel.becomeOwnChild(cgroup);
  if (cgroup !== undefined) kernel.close(cgroup);
  channel.send({ type: 'init', pid });
  return startInner(kernel, channel, plan, {
    ...carried,
    open: afterPreMount,
    fds,
    loopbackIsUp: false,
    inCgroups: initCgroup === undefined,
  });
}

/** What takes the host's privileges or its paths. */
export function openOutside(
  kernel: Kernel,
  plan: StartStagePlan,
  userns: number | undefined,
  layers?: number,
): HostPaths {
  raiseHardLimits(kernel, plan.rlimits);
  if (plan.sessionKeyring) joinKeyring(kernel);
  return openHostPaths(kernel, plan, userns, layers);
}

/** A descriptor of a v2 cgroup to be born in. */
export const openCgroup = (kernel: Kernel, path: string): number =>
  kernel.openat2(AT.FDCWD, path, O.RDONLY | O.DIRECTORY, 0, 0);

const descriptorsOf = ({ rootfs, sources, devices = [] }: Carried): number[] => [
  rootfs,
  ...sources.values(),
  ...devices,
];
