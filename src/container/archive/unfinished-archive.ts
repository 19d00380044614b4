/**
 * An archive on its way: a hidden file beside its target, on which its writer holds an flock. A
 * lock ends with the process that holds it, however that process ends, so a hidden archive without
 * one has no owner.
 */
import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LOCK, O, S_IFREG } from '../../kernel/constants.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { hiddenName, parseHiddenName } from '../state/hidden-name.ts';
import { CONFIG } from './metadata.ts';

const MODE = 0o600;
/** A sweeper can take a file in the moment between its birth and its lock. */
const ATTEMPTS = 10;

export interface UnfinishedArchive extends Disposable {
  readonly fd: number;
  /** Gives it the name of its target. */
  finish(): void;
}

/** Makes one for `file`. Disposing of it removes it, unless it is finished. */
export function beginArchive(file: string): UnfinishedArchive {
  for (let attempt = 1; ; attempt++) {
    const path = join(dirname(file), hiddenName(basename(file), 'creating'));
    const fd = openSync(path, O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC, MODE);
    const taken = tryLock(fd) === false || !isAt(path, fd);
    if (taken && attempt < ATTEMPTS) {
      closeSync(fd);
      continue;
    }
    let finished = false;
    return {
      fd,
      finish() {
        renameSync(path, file);
        finished = true;
      },
      [Symbol.dispose]() {
        try {
          if (!finished) rmSync(path, { force: true });
        } catch {
          // The next export will.
        } finally {
          closeSync(fd);
        }
      },
    };
  }
}

/**
 * Removes what killed exports have left in a directory, which may belong to another user. A file
 * that is not the caller's own, that has another mode or another name as well, or that does not
 * begin like an archive is left alone; so is all that a filesystem without locks holds. Never
 * fails: none of it is a matter of the command that sweeps.
 */
export function sweepUnfinishedArchives(directory: string): void {
  try {
    for (const entry of readdirSync(directory))
      if (parseHiddenName(entry)?.purpose === 'creating') sweep(join(directory, entry));
  } catch {
    // The directory cannot be read: the fault is told where the archive is made.
  }
}

function sweep(path: string): void {
  let fd: number | undefined;
  try {
    // Not even a FIFO blocks here.
    fd = openSync(path, O.RDONLY | O.NOFOLLOW | O.NONBLOCK | O.CLOEXEC);
    if (isOurs(fd) && tryLock(fd) === true && isAt(path, fd)) rmSync(path);
  } catch {
    // Gone meanwhile, or not removable.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function isOurs(fd: number): boolean {
  const { uid, mode, nlink, size } = fstatSync(fd);
  if (mode !== (S_IFREG | MODE) || uid !== process.geteuid!() || nlink !== 1) return false;
  // The config is the first member. Killed earlier, nothing has been written.
  const first = Buffer.from(`${CONFIG}\0`);
  const begin = Buffer.alloc(first.length);
  return size === 0 || (readSync(fd, begin, 0, begin.length, 0) === first.length && begin.equals(first));
}

/** False: another process holds it; undefined: the filesystem has no locks. */
function tryLock(fd: number): boolean | undefined {
  try {
    return linuxKernel().flock(fd, LOCK.EX | LOCK.NB);
  } catch {
    return undefined;
  }
}

function isAt(path: string, fd: number): boolean {
  const { dev, ino } = fstatSync(fd);
  const there = lstatSync(path, { throwIfNoEntry: false });
  return there?.dev === dev && there.ino === ino;
}
