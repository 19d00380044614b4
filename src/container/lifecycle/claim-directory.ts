/** Takes the directory of a new container, and gives it back when nothing becomes of it. */
import { chmodSync, lstatSync, mkdirSync, rmdirSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { makeDirectories } from '../../util/make-directories.ts';
import { discardContainer } from '../recovery/discard.ts';
import { isPartial, removeMadeOutside } from '../state/partial-marker.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { liveRecord } from '../state/runtime-record.ts';

/** 0700: the files of a container, set-id programs and devices among them, are nobody else's (CVE-2016-1581). */
export function claimDirectory(ref: ContainerRef): void {
  const directory = containerDirectory(ref);
  if (liveRecord(ref)) {
    throw new TslxcError({
      code: 'CONTAINER_EXISTS',
      container: ref.name,
      message: 'a container of that name is running',
      hint: `stop it first: tslxc-stop -n ${ref.name}`,
    });
  }
  try {
    makeDirectories(ref.lxcpath, 0o711);
    // A directory with nothing in it is in nobody's way; one with something, config or not, is somebody's.
    if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) rmdirSync(directory);
    mkdirSync(directory);
    chmodSync(directory, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY' || code === 'ENOTDIR')
      throw alreadyThere(ref, code);
    if (tellsOfFullDisk(error)) throw diskFull(ref.lxcpath, '', error).with({ container: ref.name });
    const denied = code === 'EACCES' || code === 'EPERM';
    throw toTslxcError(error, denied ? 'NOT_PERMITTED' : 'STORAGE', { container: ref.name });
  }
}

export function alreadyThere(ref: ContainerRef, errno: string): TslxcError {
  const directory = containerDirectory(ref);
  const defined = lstatSync(configFile(ref), { throwIfNoEntry: false }) !== undefined;
  const what = isPartial(ref)
    ? `${directory} is half made and could not be removed`
    : defined
      ? 'the container already exists'
      : `${directory} is there, but is no container`;
  return new TslxcError({
    code: 'CONTAINER_EXISTS',
    container: ref.name,
    message: what,
    ...(defined ? {} : { errno }),
    hint: defined ? 'choose another name, or destroy it first' : `look at ${directory} and move it away`,
  });
}

/**
 * Removes everything that was made for a new container, and returns the error to throw for what went wrong.
 * @param seemsFull the disk may be full although the error does not say so
 */
export async function abandon(
  ref: ContainerRef,
  error: unknown,
  signal: AbortSignal | undefined,
  seemsFull = false,
): Promise<unknown> {
  let hint: string | undefined;
  try {
    await removeMadeOutside(ref);
    await discardContainer(ref);
  } catch (again) {
    hint = `what was made could not be removed (${(again as Error).message}); tslxc-destroy -n ${ref.name} tries again`;
  }
  if (signal?.aborted) return signal.reason;
  if (seemsFull || tellsOfFullDisk(error)) {
    const done = hint === undefined ? 'what was made is removed' : '';
    return diskFull(ref.lxcpath, done, error).with({ container: ref.name });
  }
  return toTslxcError(error, 'STORAGE', { container: ref.name, hint });
}
