/**
 * The first half of a start, outside the container: everything that needs the host's privileges or the host's paths.
 * What it opens here it carries across as descriptors.
 */
import { openSync } from 'node:fs';
import { toTslxcError } from '../errors/tslxc-error.ts';
import { CLONE, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ownerOf } from '../security/id-map.ts';
import { joinKeyring } from './become-init.ts';
import type { StageChannel } from './channel.ts';
import { enterClocks, openClockOffsets, setClockOffsets } from './clock-offsets.ts';
import { openDeviceSources } from './dev.ts';
import { enterCgroups } from './enter-cgroups.ts';
import { executeFirst } from './execute.ts';
import { joinNamespace } from './joined.ts';
import { openBindSources } from './mounts.ts';
import type { StartDescriptors, StartStagePlan } from './plan.ts';
import { raiseHardLimits } from './resource-limits.ts';
import { openRootfs } from './rootfs.ts';
import { type ReadyProgram, readyInit, startInner } from './start-inner.ts';
import type { Carried } from './tree.ts';
import { joinUserNamespace } from './user-namespace.ts';

/** Those that take the host's privileges to enter, or are for children only. */
const BEFORE_BIRTH = ['pid', 'uts', 'ipc', 'net', 'time'] as const;

/** How far things are when a stage begins. */
interface Beginning {
  /** CLONE_NEW* that this process, a prepared spare, has left behind already. */
  readonly unshared: number;
  /** v2 cgroup for init to be born in, if it is to be. */
  readonly birth: string | undefined;
}

export function startOuter(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  fds: StartDescriptors,
  { unshared, birth }: Beginning,
): never {
  const userns = fds.user;
  const carried = openOutside(kernel, plan, userns);
  // While the manager makes them, all of the above. A mapped root may not enter: it has to be there before it is one.
  if (birth === undefined) enterCgroups(channel.expect('cgroups').files);
  const offsets = plan.clockOffsets.length > 0 ? openClockOffsets(kernel) : -1;
  // Init enters a cgroup namespace itself: its birth in a cgroup asks for sight of that.
  for (const name of BEFORE_BIRTH) if (fds[name] !== undefined) joinNamespace(kernel, name, fds[name]);
  if (userns !== undefined) {
    joinUserNamespace(kernel, userns, ownerOf(plan.idmap, plan.init));
    kernel.close(userns);
  }
  // The cgroup namespace's root is where its maker is: init makes it once it is there.
  kernel.unshare(plan.namespaces & ~unshared & ~CLONE.NEWCGROUP);
  if (offsets >= 0) setClockOffsets(kernel, offsets, plan.clockOffsets);
  if (plan.namespaces & CLONE.NEWTIME) enterClocks(kernel);
  const cgroup = birth === undefined ? undefined : openCgroup(birth);
  // The keeper, a subreaper, becomes init's parent.
  const pid = kernel.continueInChild(cgroup);
  channel.send({ type: 'init', pid });
  return startInner(kernel, channel, plan, {
    ...carried,
    fds,
    loopbackIsUp: (unshared & CLONE.NEWNET) !== 0,
    inCgroups: birth === undefined,
  });
}

/** What takes the host's privileges or its paths. */
function openOutside(kernel: Kernel, plan: StartStagePlan, userns: number | undefined): Carried {
  raiseHardLimits(kernel, plan.rlimits);
  if (plan.sessionKeyring) joinKeyring(kernel);
  return {
    rootfs: openRootfs(kernel, plan, userns),
    sources: openBindSources(kernel, plan.mounts, userns),
    devices: userns !== undefined && plan.dev ? openDeviceSources(kernel, plan.dev) : undefined,
  };
}

const openCgroup = (path: string) => openSync(path, O.RDONLY | O.DIRECTORY | O.CLOEXEC);

/**
 * The same by a process that goes on to the next start: init is its child by vfork(2). Only for a plan that
 * `canShareMemory`. The process is in the prepared namespaces, which become the container's.
 */
export function startByVfork(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  birth: string | undefined,
): void {
  let program: ReadyProgram | undefined;
  const cgroup = birth === undefined ? undefined : openCgroup(birth);
  kernel.unshare(plan.namespaces & CLONE.NEWPID);
  try {
    kernel.vfork(
      (pid) => {
        try {
          channel.send({ type: 'init', pid });
          const carried = openOutside(kernel, plan, undefined);
          kernel.unshare(plan.namespaces & ~PREPARED_NAMESPACES & ~CLONE.NEWPID & ~CLONE.NEWCGROUP);
          program = readyInit(kernel, channel, plan, {
            ...carried,
            fds: {},
            loopbackIsUp: true,
            inCgroups: false,
          });
        } catch (error) {
          channel.fail(toTslxcError(error, 'START_FAILED').toJSON());
          kernel.exit(1);
        }
        return { ...program, path: program.paths[0]! };
      },
      (error) => executeFirst(kernel, channel, program!, program!.paths.slice(1), error),
      cgroup,
    );
  } finally {
    if (cgroup !== undefined) kernel.close(cgroup);
  }
}

/** Whether nothing but us is run before init is, and nothing is asked for that takes a process of its own. */
export function canShareMemory(plan: StartStagePlan): boolean {
  return (
    (plan.namespaces & PREPARED_NAMESPACES) === PREPARED_NAMESPACES &&
    (plan.namespaces & CLONE.NEWTIME) === 0 &&
    plan.joined.length === 0 &&
    plan.idmap.length === 0 &&
    plan.hooks.length === 0 &&
    plan.seccomp?.notify !== true &&
    plan.init.supervised === undefined
  );
}

export const PREPARED_NAMESPACES = CLONE.NEWNET | CLONE.NEWUTS | CLONE.NEWIPC;
