/**
 * Programs of the manager that enter containers are executed from a read-only copy of the host's
 * tree of mounts.
 *
 * A privileged guest that finds such a process reaches its files: the binary by /proc/PID/exe
 * (CVE-2019-5736), and the C library by /proc/PID/map_files, which the kernel does not even protect
 * by ETXTBSY. A read-only mount alone is not enough: mount_setattr(2) makes it writable again.
 * Hence the copy is detached, and its last descriptor is closed while the program runs. From then
 * on the mounts belong to no mount namespace, and the kernel refuses with EINVAL to change, to
 * clone or to bind them; they last as long as a process maps a file of theirs.
 *
 * The process changes its root to the copy for as long as execve(2) takes, so that the dynamic
 * loader finds its libraries there as well. The executed program goes back to the real root first
 * of all (`leaveReadOnlyHost`).
 */
import { AT, CLONE, MOUNT_ATTR, MS, O, OPEN_TREE_CLONE } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/**
 * `--host-root=N`: descriptor N of the program is the host's root directory, which it has to go
 * back to.
 */
const HOST_ROOT = '--host-root=';

/**
 * A command owns its process, and may change the root directory for a moment. A program that uses
 * tslxc as a library may not be treated so: other threads of it may write files meanwhile. The
 * manager executes itself again then.
 */
export const thisProcess = { mayChangeRoot: false };

/**
 * Calls `execute` with the root directory changed to a read-only copy of the host's tree. `execute`
 * runs a program that inherits the descriptor as number N and gets the argument
 * `hostRootArgument(N)`.
 *
 * The root directory belongs to all threads of a process. `execute` has to be synchronous, and the
 * calling thread must not share its root with others that use files meanwhile: see
 * `keepRootToThread`.
 * @throws KernelError
 */
export function withReadOnlyHost<T>(kernel: Kernel, execute: (hostRoot: number) => T): T {
  const hostRoot = kernel.openat2(AT.FDCWD, '/', O.PATH | O.DIRECTORY, 0, 0);
  try {
    const tree = kernel.openTree(AT.FDCWD, '/', OPEN_TREE_CLONE | AT.RECURSIVE);
    try {
      // Private: else the copy would be a peer of the host's mounts, and later mounts here would
      // appear there.
      const attributes = { set: MOUNT_ATTR.RDONLY, propagation: MS.PRIVATE };
      kernel.mountSetattr(tree, '', AT.EMPTY_PATH | AT.RECURSIVE, attributes);
      changeRoot(kernel, tree);
      try {
        return execute(hostRoot);
      } finally {
        changeRoot(kernel, hostRoot);
      }
    } finally {
      kernel.close(tree);
    }
  } finally {
    kernel.close(hostRoot);
  }
}

/** Gives the calling thread a root and a working directory of its own (CLONE_FS of unshare(2)). */
export function keepRootToThread(kernel: Kernel): void {
  kernel.unshare(CLONE.FS);
}

/** The argument by which a program learns where the host's root directory is. */
export const hostRootArgument = (descriptor: number): string => `${HOST_ROOT}${descriptor}`;

/** Whether this program was executed by `withReadOnlyHost`. */
export const isFromReadOnlyHost = (args: readonly string[]): boolean =>
  args.some((arg) => arg.startsWith(HOST_ROOT));

/** Goes back to the host's own root directory, as the arguments say. Before any file is written. */
export function leaveReadOnlyHost(kernel: Kernel, args: readonly string[]): void {
  const argument = args.find((arg) => arg.startsWith(HOST_ROOT));
  if (argument === undefined) return;
  const hostRoot = Number(argument.slice(HOST_ROOT.length));
  changeRoot(kernel, hostRoot);
  kernel.close(hostRoot);
}

function changeRoot(kernel: Kernel, directory: number): void {
  kernel.fchdir(directory);
  kernel.chroot('.');
}
