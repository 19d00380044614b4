import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { O, RESOLVE } from '../../kernel/constants.ts';
import { linuxKernel } from '../../kernel/linux.ts';

/**
 * Writes the name into /etc/hostname of a root filesystem, if that file exists. The files belong to
 * the guest: the path is resolved inside the root, and the target is written only if it is a
 * regular file of that filesystem. A device node could be the host's disk, and a FIFO may have no
 * reader.
 */
export function writeHostname(rootfs: string, name: string, kernel = linuxKernel()): void {
  const root = openSync(rootfs, O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC);
  try {
    const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS | RESOLVE.NO_XDEV;
    const file = kernel.openat2(root, 'etc/hostname', O.PATH | O.NOFOLLOW, 0, resolve);
    try {
      // A symlink, opened as itself, is no file either.
      if (fstatSync(file).isFile()) writeFileSync(`/proc/self/fd/${file}`, `${name}\n`);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EXDEV') return;
    throw error;
  } finally {
    closeSync(root);
  }
}
