/** `lxc.proc.*`: files of init's own folder in /proc, written from outside before init is run. */
import { closeSync, constants, openSync } from 'node:fs';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { O, RESOLVE } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { ProcFile } from '../plan/proc-files-plan.ts';

/** Links of /proc lead into the container (root, cwd, fd): none is followed. */
const STAY = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_XDEV;

/** @throws TslxcError START_FAILED with the key and its line */
export function writeProcFile(kernel: Kernel, pid: number, { path, value, key, origin }: ProcFile): void {
  const folder = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const file = kernel.openat2(folder, path, O.WRONLY | O.NOCTTY, 0, STAY);
    try {
      kernel.write(file, Buffer.from(value));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const errno = (error as { code?: string }).code;
    throw new TslxcError({
      code: 'START_FAILED',
      message: `${key}: "${value}" cannot be written to /proc/PID/${path} of init: ${errno}`,
      ...origin,
      errno,
      step: 'write lxc.proc',
      hint: HINTS[errno ?? ''] ?? 'proc(5) says what the file takes',
      cause: error,
    });
  } finally {
    closeSync(folder);
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; dots in the key stand for slashes',
  ELOOP: 'it is reached by a link, which may lead into the container',
  EACCES: 'the kernel lets nobody here write it, or not this value',
};
