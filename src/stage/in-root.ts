/**
 * Paths below a container's root filesystem. The maker of those files may be hostile (rule R1): a
 * path is resolved by openat2(RESOLVE_IN_ROOT), where `..` and symlinks cannot leave the root, and
 * everything is done on the descriptor.
 */
import { readlinkSync } from 'node:fs';
import type { KernelError } from '../kernel/binding.ts';
import { AT, O, RESOLVE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** Resolves a path inside the root; an O_PATH descriptor. */
export function openInRoot(kernel: Kernel, root: number, path: string, flags = 0): number {
  return kernel.openat2(root, relative(path), O.PATH | flags, 0, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS);
}

/**
 * Goes to a directory of the container's, whose root is this process's. Links of its own are
 * followed, those of /proc are not: they would lead to files of the host that this process has open
 * (CVE-2024-21626).
 */
export function enterDirectory(kernel: Kernel, path: string): void {
  const fd = kernel.openat2(AT.FDCWD, path, O.PATH | O.DIRECTORY, 0, RESOLVE.NO_MAGICLINKS);
  kernel.fchdir(fd);
  kernel.close(fd);
}

/** Whether something is there (symlinks followed inside the root). */
export function existsInRoot(kernel: Kernel, root: number, path: string): boolean {
  try {
    kernel.close(openInRoot(kernel, root, path));
    return true;
  } catch {
    return false;
  }
}

/** As many symlinks as the kernel follows in one path. */
const MAX_LINKS = 40;

/**
 * Resolves the symlinks of a path as far as its files exist. A link may lead to a missing file
 * (Debian's /etc/resolv.conf does): the target can be made, the link itself cannot.
 * The result is only a path, which the caller resolves inside the root once more.
 */
export function withoutLinks(kernel: Kernel, root: number, path: string): string {
  const rest = namesOf(path);
  let links = 0;
  let done: string[] = [];
  while (rest.length > 0) {
    const name = rest.shift()!;
    if (name === '..') done.pop();
    else {
      const link = linkIn(kernel, root, done.join('/') || '.', name);
      if (link === undefined) done.push(name);
      else if (++links > MAX_LINKS) return path;
      else {
        if (link.startsWith('/')) done = [];
        rest.unshift(...namesOf(link));
      }
    }
  }
  return done.join('/') || '.';
}

const namesOf = (path: string) => path.split('/').filter((part) => part !== '' && part !== '.');

function linkIn(kernel: Kernel, root: number, directory: string, name: string): string | undefined {
  try {
    const parent = openInRoot(kernel, root, directory, O.DIRECTORY);
    try {
      return readlinkSync(`/proc/self/fd/${parent}/${name}`);
    } finally {
      kernel.close(parent);
    }
  } catch {
    return undefined;
  }
}

/**
 * Makes a directory and those above it, mode 0755, where they are missing. An O_PATH descriptor of
 * it.
 */
export function makeDirectoryInRoot(kernel: Kernel, root: number, path: string): number {
  // A start has many of these, nearly all of which are there.
  try {
    return openInRoot(kernel, root, path, O.DIRECTORY);
  } catch (error) {
    if ((error as KernelError).code !== 'ENOENT') throw error;
  }
  const parts = namesOf(path);
  for (let depth = 1; depth <= parts.length; depth++) {
    const sofar = parts.slice(0, depth).join('/');
    if (existsInRoot(kernel, root, sofar)) continue;
    inParent(kernel, root, sofar, (parent, name) => {
      kernel.mkdirat(parent, name, 0o755);
    });
  }
  return openInRoot(kernel, root, parts.join('/') || '.', O.DIRECTORY);
}

/**
 * Makes an empty file (and the directories above it) where nothing is there yet. A descriptor of it
 * to mount on.
 */
export function makeFileInRoot(kernel: Kernel, root: number, path: string): number {
  // An existing file is opened by O_PATH only: it may be a device or a pipe.
  const make = () =>
    kernel.openat2(
      root,
      relative(path),
      O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW,
      0o644,
      RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS,
    );
  try {
    return make();
  } catch (error) {
    const { code } = error as KernelError;
    if (code === 'EEXIST' || code === 'EISDIR') return openInRoot(kernel, root, path);
    const at = path.lastIndexOf('/');
    if (code !== 'ENOENT' || at <= 0) throw error;
    kernel.close(makeDirectoryInRoot(kernel, root, path.slice(0, at)));
    return make();
  }
}

/**
 * Calls `act` with a descriptor of the directory above and the last name; an existing entry is no
 * error.
 */
function inParent(
  kernel: Kernel,
  root: number,
  path: string,
  act: (parent: number, name: string) => void,
): void {
  const at = path.lastIndexOf('/');
  const parent = openInRoot(kernel, root, at < 0 ? '.' : path.slice(0, at), O.DIRECTORY);
  try {
    act(parent, path.slice(at + 1));
  } catch (error) {
    if ((error as KernelError).code !== 'EEXIST') throw error;
  } finally {
    kernel.close(parent);
  }
}

function relative(path: string): string {
  return path.replace(/^\/+/, '') || '.';
}
