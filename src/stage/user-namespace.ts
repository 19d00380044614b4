import { CLONE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { StageChannel } from './channel.ts';

/**
 * Makes a user namespace and holds it until the manager has written its maps and opened it; then ends. The real stages
 * join it by descriptor, after they have done what needs the host's privileges.
 */
export function holdUserNamespace(kernel: Kernel, channel: StageChannel): never {
  kernel.unshare(CLONE.NEWUSER);
  channel.send({ type: 'userns' });
  channel.expect('taken');
  return kernel.exit(0);
}

/** Joins a user namespace and becomes its root; supplementary groups of the host are dropped. */
export function joinUserNamespace(kernel: Kernel, userns: number): void {
  kernel.setns(userns, CLONE.NEWUSER);
  kernel.setgroups([]);
  kernel.setresgid(0);
  kernel.setresuid(0);
}
