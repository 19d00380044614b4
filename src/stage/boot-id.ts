import { readFileSync } from 'node:fs';
import { MS, O, RESOLVE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { openInRoot } from './in-root.ts';
import { attachMount, cloneTree, setMountFlags } from './mounts.ts';

const FILE = '.lxc-boot-id';
const SHOWN_AT = 'proc/sys/kernel/random/boot_id';

/**
 * A boot id of the container's own, new at each start: journald and others tell boots apart by it,
 * and all containers would share the host's. It lies in /dev and covers the kernel's; without a
 * /proc inside there is nothing to cover.
 */
export function coverBootId(kernel: Kernel, root: number, dev: number): void {
  let shown: number;
  try {
    shown = openInRoot(kernel, root, SHOWN_AT);
  } catch {
    return;
  }
  const file = kernel.openat2(dev, FILE, O.WRONLY | O.CREAT | O.NOFOLLOW, 0o444, RESOLVE.BENEATH);
  // The host's procfs, which is in sight until the root is changed: each read of it is a new one.
  kernel.write(file, readFileSync('/proc/sys/kernel/random/uuid'));
  kernel.close(file);
  const at = openInRoot(kernel, dev, FILE);
  const tree = cloneTree(kernel, at);
  setMountFlags(kernel, tree, MS.RDONLY | MS.NOSUID | MS.NODEV | MS.NOEXEC, false);
  attachMount(kernel, tree, shown);
  for (const fd of [at, tree, shown]) kernel.close(fd);
}
