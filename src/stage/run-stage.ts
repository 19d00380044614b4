import { toTslxcError } from '../errors/tslxc-error.ts';
import { AT, O, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { attachStage } from './attach.ts';
import { StageChannel } from './channel.ts';
import { deviceStage } from './device.ts';
import type { StageKind, StageOrder } from './order.ts';
import { proxyStage } from './seccomp-proxy.ts';
import { startOuter } from './start-outer.ts';
import { holdUserNamespace } from './user-namespace.ts';

/**
 * A forked child's whole life. `channel` is its end of a socket pair; `manager` a pidfd, from which
 * the descriptors that the order names by number are copied.
 */
export function runStage(kernel: Kernel, kind: StageKind, channelFd: number, manager: number): never {
  const channel = new StageChannel(kernel, channelFd);
  try {
    // The fork server ignores SIGCHLD so as to have no zombies; here children are waited for.
    kernel.signal(SIG.CHLD, 'default');
    if (kind === 'userns') return holdUserNamespace(kernel, channel);
    leaveStdio(kernel);
    const { order } = channel.expect('plan');
    const fds = copied(kernel, manager, order.fds as Readonly<Record<string, number>>);
    kernel.close(manager);
    return carryOut(kernel, channel, { ...order, fds } as unknown as StageOrder);
  } catch (error) {
    channel.fail(toTslxcError(error, 'START_FAILED').toJSON());
  }
  return kernel.exit(1);
}

function carryOut(kernel: Kernel, channel: StageChannel, order: StageOrder): never {
  switch (order.kind) {
    case 'start':
      return startOuter(kernel, channel, order);
    case 'attach':
      return attachStage(kernel, channel, order.plan, order.fds);
    case 'device':
      return deviceStage(kernel, channel, order.plan, order.fds);
    case 'proxy':
      return proxyStage(kernel, channel, order.plan, order.fds);
  }
}

/** This process's copies of the manager's descriptors, under the same names. */
function copied(
  kernel: Kernel,
  manager: number,
  fds: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(fds).map(([name, fd]) => [name, kernel.pidfdGetfd(manager, fd)]));
}

/** Nothing of the manager's (its log) is standard output of anything in a container (rule R3). */
export function leaveStdio(kernel: Kernel): void {
  const nothing = kernel.openat2(AT.FDCWD, '/dev/null', O.RDWR, 0, 0);
  for (const fd of [0, 1, 2]) kernel.dup2(nothing, fd);
  kernel.close(nothing);
}
