import { CLONE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { NamespaceOwner } from '../security/id-map.ts';
import type { StageChannel } from './channel.ts';

/**
 * Makes a user namespace and holds it until the manager has written its maps and opened it; then
 * ends. The real stages join it by descriptor, after they have done what needs the host's
 * privileges.
 */
export function holdUserNamespace(kernel: Kernel, channel: StageChannel): never {
  kernel.unshare(CLONE.NEWUSER);
  channel.send({ type: 'userns' });
  channel.expect('taken');
  return kernel.exit(0);
}

/** Joins a user namespace as its owner. */
export function joinUserNamespace(kernel: Kernel, userns: number, owner: NamespaceOwner): void {
  kernel.setns(userns, CLONE.NEWUSER);
  becomeOwner(kernel, owner);
}

/**
 * In a user namespace that was just joined: takes ids that it has; supplementary groups of the host
 * are dropped.
 */
export function becomeOwner(kernel: Kernel, { uid, gid }: NamespaceOwner): void {
  kernel.setgroups([]);
  kernel.setresgid(gid);
  kernel.setresuid(uid);
}
