/**
 * A device node in a running container, made or removed from within its mount namespace, with the
 * host's privileges.
 */
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AT, CLONE, MNT_DETACH, O, S_IFBLK, S_IFCHR, UMOUNT_NOFOLLOW } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { makeDevice } from '../kernel/structs.ts';
import type { StageChannel } from './channel.ts';
import { existsInRoot, makeDirectoryInRoot, makeFileInRoot, openInRoot } from './in-root.ts';
import { leaveHost } from './leave-host.ts';
import { attachMount } from './mounts.ts';
import type { DeviceDescriptors } from './order.ts';
import type { DeviceStagePlan } from './plan.ts';
import { becomeOwner } from './user-namespace.ts';

export function deviceStage(
  kernel: Kernel,
  channel: StageChannel,
  plan: DeviceStagePlan,
  fds: DeviceDescriptors,
): never {
  try {
    leaveHost(kernel, [channel.fd, fds.init, fds.source ?? -1]);
    kernel.setns(fds.init, CLONE.NEWNS | (plan.owner ? CLONE.NEWUSER : 0));
    // Only an owner that the namespace knows can make files on what was mounted in it.
    if (plan.owner) becomeOwner(kernel, plan.owner);
    // The root is the container's now; no link on the path leads out of it
    // (rule R1).
    const root = kernel.openat2(AT.FDCWD, '/', O.PATH | O.DIRECTORY, 0, 0);
    if (plan.action === 'add') add(kernel, root, plan, fds.source);
    else remove(kernel, root, plan);
    channel.send({ type: 'ready' });
    return kernel.exit(0);
  } catch (error) {
    const failure = toTslxcError(error, 'DEVICE');
    const verb = plan.action === 'add' ? 'made' : 'removed';
    const message =
      failure.code === 'DEVICE' && failure.errno
        ? `${plan.path} cannot be ${verb} in the container: ${failure.errno}`
        : failure.message;
    channel.fail({ ...failure.toJSON(), message });
    return kernel.exit(1);
  }
}

function split(path: string): { directory: string; name: string } {
  const at = path.lastIndexOf('/');
  return { directory: path.slice(0, at) || '/', name: path.slice(at + 1) };
}

function add(kernel: Kernel, root: number, plan: DeviceStagePlan, source: number | undefined): void {
  if (existsInRoot(kernel, root, plan.path))
    throw new TslxcError({
      code: 'DEVICE',
      message: `${plan.path} is there already in the container`,
      hint: 'name another path inside, or remove that one with del',
    });
  if (source !== undefined) {
    const file = makeFileInRoot(kernel, root, plan.path);
    attachMount(kernel, source, file);
    return;
  }
  const { directory, name } = split(plan.path);
  const parent = makeDirectoryInRoot(kernel, root, directory);
  const kind = plan.type === 'b' ? S_IFBLK : S_IFCHR;
  kernel.mknodat(parent, name, kind | plan.mode, makeDevice(plan.major, plan.minor));
  // The mode of mknod is subject to the umask. The parent is held, and the name is a fresh node of
  // ours.
  kernel.fchownat(parent, name, plan.uid, plan.gid, AT.SYMLINK_NOFOLLOW);
  kernel.fchmodat(parent, name, plan.mode);
}

function remove(kernel: Kernel, root: number, plan: DeviceStagePlan): void {
  const { directory, name } = split(plan.path);
  const parent = openInRoot(kernel, root, directory, O.DIRECTORY);
  if (!existsInRoot(kernel, root, plan.path))
    throw new TslxcError({ code: 'DEVICE', message: `there is no ${plan.path} in the container` });
  kernel.fchdir(parent);
  if (plan.owner) unmount(kernel, name);
  kernel.unlinkat(parent, name, 0);
}

/** A node without a mount of tslxc's on it came with the image. */
function unmount(kernel: Kernel, name: string): void {
  try {
    kernel.umount(name, MNT_DETACH | UMOUNT_NOFOLLOW);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EINVAL') throw error;
  }
}
