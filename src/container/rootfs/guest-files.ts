/**
 * Reading files of a running container from outside. Its root may be hostile: nothing it puts there
 * may lead us out of its root filesystem, make us wait (a fifo, a file system that answers when it
 * likes) or act on a device.
 */
import { closeSync, fstatSync, opendirSync, openSync, readFileSync, readSync } from 'node:fs';
import { O, RESOLVE } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/**
 * Filesystems that answer by themselves. With others (FUSE, NFS, 9p), the server could make the
 * caller wait.
 */
const PROMPT = new Set(
  'bcachefs btrfs erofs ext2 ext3 ext4 f2fs overlay squashfs tmpfs ubifs xfs zfs'.split(' '),
);
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 64 * 1024;

/** The root directory of a process, held open. */
export class GuestFiles {
  readonly #kernel: Kernel;
  readonly #pid: number;
  readonly #root: number;

  private constructor(kernel: Kernel, pid: number, root: number) {
    this.#kernel = kernel;
    this.#pid = pid;
    this.#root = root;
  }

  /** Undefined where the process has gone, or its root is on a file system that may not answer. */
  static open(kernel: Kernel, pid: number): GuestFiles | undefined {
    let root: number;
    try {
      root = openSync(`/proc/${pid}/root`, O.PATH | O.DIRECTORY);
    } catch {
      return undefined;
    }
    const files = new GuestFiles(kernel, pid, root);
    if (files.#isPrompt(root)) return files;
    files.close();
    return undefined;
  }

  close(): void {
    closeSync(this.#root);
  }

  /** Names in a directory, unsorted; none where there is no such directory. */
  list(path: string): string[] {
    return (
      this.#with(path, O.DIRECTORY, (fd) => {
        const directory = opendirSync(`/proc/self/fd/${fd}`);
        const names: string[] = [];
        try {
          for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
            names.push(entry.name);
            if (names.length >= MOST_ENTRIES) break;
          }
        } finally {
          directory.closeSync();
        }
        return names;
      }) ?? []
    );
  }

  /** Text of a regular file, 64 KiB of it at most; undefined where it is anything else. */
  read(path: string): string | undefined {
    return this.#with(path, 0, (fd) => {
      if (!fstatSync(fd).isFile()) return undefined;
      // The same file once more, for reading: what was looked at cannot be exchanged.
      const file = openSync(`/proc/self/fd/${fd}`, O.RDONLY | O.NONBLOCK | O.NOCTTY);
      try {
        const buffer = Buffer.alloc(MOST_BYTES);
        return buffer.toString('utf8', 0, readSync(file, buffer));
      } finally {
        closeSync(file);
      }
    });
  }

  #with<Result>(path: string, flags: number, use: (fd: number) => Result): Result | undefined {
    let fd: number | undefined;
    try {
      fd = this.#openPath(path.replace(/^\/+/, ''), flags);
      return fd === undefined ? undefined : use(fd);
    } catch {
      // Not there, or gone again.
      return undefined;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /**
   * On the file system of the root the kernel resolves all of it; across mounts we go step by step,
   * and look at each.
   */
  #openPath(path: string, flags: number): number | undefined {
    const stay = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS | RESOLVE.NO_XDEV;
    try {
      return this.#kernel.openat2(this.#root, path, O.PATH | flags, 0, stay);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    }
    let at = this.#kernel.dup(this.#root);
    for (const [i, part] of path.split('/').entries()) {
      const last = i === path.split('/').length - 1;
      let next: number;
      try {
        const how = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS;
        next = this.#kernel.openat2(at, part, O.PATH | (last ? flags : O.DIRECTORY), 0, how);
      } finally {
        closeSync(at);
      }
      at = next;
      if (this.#isPrompt(at)) continue;
      closeSync(at);
      return undefined;
    }
    return at;
  }

  /** Looks at the descriptor's mount: a question to the file system itself may block. */
  #isPrompt(fd: number): boolean {
    const mount = /^mnt_id:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    for (const line of readFileSync(`/proc/${this.#pid}/mountinfo`, 'utf8').split('\n')) {
      if (!line.startsWith(`${mount} `)) continue;
      const [type = ''] = line.slice(line.lastIndexOf(' - ') + 3).split(' ');
      return PROMPT.has(type);
    }
    return false;
  }
}
