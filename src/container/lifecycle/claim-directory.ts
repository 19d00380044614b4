/** Takes the directory of a new container, and gives it back when nothing becomes of it. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { makeDirectories } from '../../util/make-directories.ts';
import { undoPartial } from '../recovery/discard.ts';
import { hiddenName } from '../state/hidden-name.ts';
import { isPartial, markPartial, markPartialIn, type Partial } from '../state/partial-marker.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { liveRecord } from '../state/runtime-record.ts';

/**
 * Makes the container's directory together with the mark that it is being made. Its mode is 0700:
 * other users must not reach the files of a container, set-id programs and devices among them
 * (CVE-2016-1581).
 * @param made further objects that are about to be made, to be removed after a kill
 * @param prepared whether a directory that holds more than a config is accepted; its content stays
 *   in any case
 * @throws TslxcError CONTAINER_EXISTS, NOT_PERMITTED, DISK_FULL, STORAGE
 */
export function claimDirectory(ref: ContainerRef, made: Partial = {}, prepared = false): void {
  const directory = containerDirectory(ref);
  if (liveRecord(ref)) {
    throw new TslxcError({
      code: 'CONTAINER_EXISTS',
      container: ref.name,
      message: 'the container already exists, and is running',
      hint: 'choose another name',
    });
  }
  const build = join(ref.lxcpath, hiddenName(ref.name, 'creating'));
  try {
    makeDirectories(ref.lxcpath, 0o711);
    if (prepared && isPrepared(ref)) {
      takePrepared(ref, made);
      return;
    }
    mkdirSync(build);
    chmodSync(build, 0o700);
    markPartialIn(build, made);
    // In the place of an empty directory, too. One with something in it belongs to its maker.
    renameSync(build, directory);
  } catch (error) {
    rmSync(build, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY' || code === 'ENOTDIR')
      throw alreadyThere(ref, code);
    if (tellsOfFullDisk(error)) throw diskFull(ref.lxcpath, '', error).with({ container: ref.name });
    const denied = code === 'EACCES' || code === 'EPERM';
    throw toTslxcError(error, denied ? 'NOT_PERMITTED' : 'STORAGE', { container: ref.name });
  }
}

/**
 * Only a config makes a container: without one a folder is what its user prepared. A link to one is
 * as good.
 */
function isPrepared(ref: ContainerRef): boolean {
  const stat = statSync(containerDirectory(ref), { throwIfNoEntry: false });
  if (!stat?.isDirectory() || lstatSync(configFile(ref), { throwIfNoEntry: false })) return false;
  const isLink = lstatSync(containerDirectory(ref)).isSymbolicLink();
  return !isPartial(ref) && (isLink || entriesOf(ref).length > 0);
}

function takePrepared(ref: ContainerRef, made: Partial): void {
  const kept = entriesOf(ref);
  markPartial(ref, { ...made, kept });
  chmodSync(containerDirectory(ref), 0o700);
}

function entriesOf(ref: ContainerRef): string[] {
  return readdirSync(containerDirectory(ref));
}

export function alreadyThere(ref: ContainerRef, errno: string): TslxcError {
  const directory = containerDirectory(ref);
  const isDirectory = statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const defined = isDirectory && lstatSync(configFile(ref), { throwIfNoEntry: false }) !== undefined;
  const what =
    isDirectory && isPartial(ref)
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
 * Removes everything that was made for a new container, and returns the error to throw for what
 * went wrong.
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
    await undoPartial(ref);
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
