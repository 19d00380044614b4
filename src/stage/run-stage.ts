import { toTslxcError } from '../errors/tslxc-error.ts';
import { AT, O, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type AttachDescriptors, attachStage } from './attach.ts';
import { StageChannel } from './channel.ts';
import { type DeviceDescriptors, deviceStage } from './device.ts';
import type {
  AttachStagePlan,
  DeviceStagePlan,
  ProxyStagePlan,
  StartDescriptors,
  StartStagePlan,
} from './plan.ts';
import { proxyStage } from './seccomp-proxy.ts';
import { startOuter } from './start-outer.ts';
import { holdUserNamespace } from './user-namespace.ts';

export type StageKind = 'start' | 'attach' | 'userns' | 'device' | 'proxy';

/**
 * A forked child's whole life. `channel` is its end of a socket pair; `manager` a pidfd, from which
 * the descriptors that the plan names by number are copied.
 */
export function runStage(kernel: Kernel, kind: StageKind, channelFd: number, manager: number): never {
  const channel = new StageChannel(kernel, channelFd);
  try {
    // The fork server ignores SIGCHLD so as to have no zombies; here children are waited for.
    kernel.signal(SIG.CHLD, 'default');
    if (kind === 'userns') holdUserNamespace(kernel, channel);
    leaveStdio(kernel);
    const { plan, fds, initCgroup } = channel.expect('plan');
    const taken = Object.fromEntries(
      Object.entries(fds).map(([name, fd]) => [name, kernel.pidfdGetfd(manager, fd)]),
    );
    kernel.close(manager);
    if (kind === 'start')
      startOuter(kernel, channel, plan as StartStagePlan, taken as StartDescriptors, initCgroup);
    if (kind === 'device')
      deviceStage(kernel, channel, plan as DeviceStagePlan, taken as unknown as DeviceDescriptors);
    if (kind === 'proxy')
      proxyStage(kernel, channel, plan as ProxyStagePlan, taken as unknown as { listener: number });
    attachStage(kernel, channel, plan as AttachStagePlan, taken as unknown as AttachDescriptors);
  } catch (error) {
    channel.fail(toTslxcError(error, 'START_FAILED').toJSON());
  }
  return kernel.exit(1);
}

/** Nothing of the manager's (its log) is standard output of anything in a container (rule R3). */
export function leaveStdio(kernel: Kernel): void {
  const nothing = kernel.openat2(AT.FDCWD, '/dev/null', O.RDWR, 0, 0);
  for (const fd of [0, 1, 2]) kernel.dup2(nothing, fd);
  kernel.close(nothing);
}
