import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { O, RESOLVE } from '../../kernel/constants.ts';
import { linuxKernel } from '../../kernel/linux.ts';

/**
 * Writes the name into /etc/hostname of a root filesystem, if there is such a file. The files are
 * the guest's: the path is resolved inside the root, and what it leads to is written only when it
 * is a plain file of that very filesystem (it may be a device node that is the host's disk, or a
 * FIFO that nobody reads).
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
