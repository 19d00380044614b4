import type { Calls } from '../binding.ts';
import { O, SYS } from '../constants.ts';
import type { Kernel } from '../kernel.ts';
import { mountAttr } from '../structs.ts';

/** _IO(0xb7, 1) of linux/nsfs.h. */
const NS_GET_USERNS = 0xb701;

export function namespaceVerbs(c: Calls) {
  return {
    unshare: (flags) => void c.unshare(flags),
    setns(fd, flags) {
      c.setns(fd, flags);
    },
    owningUserNamespace: (fd) => c.ioctlValue(fd, NS_GET_USERNS, 0),
    mount: (source, target, type, flags, data) => void c.mount(source, target, type, flags, data),
    umount: (target, flags) => void c.umount(target, flags),
    pivotRoot: (newRoot, putOld) => void c.pivotRoot(SYS.pivot_root, newRoot, putOld),
    chroot: (path) => void c.chroot(path),
    fchdir: (fd) => void c.fchdir(fd),
    openTree: (dirfd, path, flags) => c.openTree(SYS.open_tree, dirfd, path, flags | O.CLOEXEC),
    moveMount: (fromFd, fromPath, toFd, toPath, flags) =>
      void c.moveMount(SYS.move_mount, fromFd, fromPath, toFd, toPath, flags),
    mountSetattr(dirfd, path, flags, attributes) {
      const attr = mountAttr(attributes);
      c.mountSetattr(SYS.mount_setattr, dirfd, path, flags, attr, attr.length);
    },
    sethostname: (name) => void c.sethostname(name, Buffer.byteLength(name)),
  } satisfies Partial<Kernel>;
}
