/** A full disk shows in many ways (an errno, a tool's words); to the user it is one error. */
import { statfsSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';

/** What tools print for ENOSPC and EDQUOT in the C locale. */
const WORDS = /No space left on device|Disk quota exceeded/i;

/** Less than this free, and a tool that failed without a word about it failed for want of space. */
const NEARLY_NOTHING = 16 * 1024;

/** Whether an error, or what a tool printed, tells of a full disk. */
export function tellsOfFullDisk(thrown: unknown): boolean {
  if (typeof thrown === 'string') return WORDS.test(thrown);
  if (thrown instanceof TslxcError && thrown.code === 'DISK_FULL') return true;
  const { code, message, errno } = thrown as { code?: string; message?: string; errno?: string | number };
  const name = typeof errno === 'string' ? errno : code;
  return name === 'ENOSPC' || name === 'EDQUOT' || WORDS.test(message ?? '');
}

/** Whether the filesystem of `path` has no blocks or no inodes left. */
export function isDiskFull(path: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(path);
    return bavail * bsize < NEARLY_NOTHING || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

/** The one error for it. `done` says what became of what was being made. */
export function diskFull(path: string, done: string, cause?: unknown): TslxcError {
  return new TslxcError({
    code: 'DISK_FULL',
    message: `the disk that holds ${path} is full${done === '' ? '' : `; ${done}`}`,
    errno: 'ENOSPC',
    hint: `make room there ("df -h ${path}" and "df -i ${path}" show it), then try again`,
    cause,
  });
}
