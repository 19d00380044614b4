/**
 * A start by a spawner: what start-outer.ts does, with a child that shares memory
 * (src/kernel/vfork.ts).
 */
import { toTslxcError } from '../errors/tslxc-error.ts';
import { CLONE, RLIMIT } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { StageChannel } from './channel.ts';
import { executeFirst } from './execute.ts';
import type { StartStagePlan } from './plan.ts';
import { type ReadyProgram, readyInit } from './start-inner.ts';
import { openCgroup, openOutside } from './start-outer.ts';

/** Those that a spawner makes in advance. */
export const PREPARED_NAMESPACES = CLONE.NEWNET | CLONE.NEWUTS | CLONE.NEWIPC;

/** Only for a plan that `canShareMemory`. The prepared namespaces become the container's. */
export function startByVfork(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  initCgroup: string | undefined,
): void {
  let program: ReadyProgram | undefined;
  const cgroup = initCgroup === undefined ? undefined : openCgroup(kernel, initCgroup);
  kernel.unshare(plan.namespaces & CLONE.NEWPID);
  try {
    kernel.vfork(
      (pid) => {
        try {
          channel.send({ type: 'init', pid });
          const { carried } = openOutside(kernel, plan, undefined);
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

/**
 * Whether nothing but us is run before init is, and nothing is asked for that takes a process of
 * its own.
 */
export function canShareMemory(plan: StartStagePlan): boolean {
  return (
    (plan.namespaces & PREPARED_NAMESPACES) === PREPARED_NAMESPACES &&
    (plan.namespaces & CLONE.NEWTIME) === 0 &&
    plan.joined.length === 0 &&
    plan.idmap.length === 0 &&
    plan.hooks.length === 0 &&
    plan.seccomp?.notify !== true &&
    plan.init.supervised === undefined &&
    // Between taking its limits and execve the child needs some memory still, and it is a Node's.
    !plan.rlimits.some(({ resource }) => resource === RLIMIT.as || resource === RLIMIT.data)
  );
}
