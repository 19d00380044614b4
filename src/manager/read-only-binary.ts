import { AT, MOUNT_ATTR, OPEN_TREE_CLONE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';

/**
 * Node's binary through a read-only mount that no mount namespace shows: a guest that gets hold of a stage's
 * /proc/PID/exe can not write to the host's node through it (CVE-2019-5736). The mount lives as long as a process
 * runs from it.
 */
export function readOnlyBinary(kernel: Kernel): number {
  const tree = kernel.openTree(AT.FDCWD, process.execPath, OPEN_TREE_CLONE);
  kernel.mountSetattr(tree, '', AT.EMPTY_PATH, { set: MOUNT_ATTR.RDONLY });
  return tree;
}

/** Argument by which whoever starts tslxcd from such a mount says so. */
export const READ_ONLY = '--read-only-binary';
