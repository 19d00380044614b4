/** Snapshots of stopped containers (lxc-snapshot(1)): make, list, remove. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { refuseMounts } from '../../storage/remove-tree.ts';
import { readIfThere } from '../../util/files.ts';
import { makeDirectories } from '../../util/make-directories.ts';
import { refuseDependants } from '../lifecycle/dependants.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { recoverContainer, removeHiddenSnapshot } from '../recovery/recover.ts';
import { noteVolume } from '../rootfs/own-volumes.ts';
import { refuseLinks } from '../rootfs/refuse-links.ts';
import { hiddenName } from '../state/hidden-name.ts';
import { isDefined, noSuchContainer } from '../state/list.ts';
import { lockContainer } from '../state/lock.ts';
import type { ContainerRef } from '../state/paths.ts';
import { requireStopped } from '../state/require-stopped.ts';
import { snapshotNames, snapshotRef, snapshotsDirectory } from '../state/snapshot-layout.ts';
import { copyContainer } from './copy-container.ts';
import type { CopyReports } from './copy-rootfs.ts';

export interface SnapshotInfo {
  /** `snapN`. */
  readonly name: string;
  /** Directory that holds the snapshots. */
  readonly path: string;
  /** `YYYY:MM:DD HH:MM:SS`, local time. */
  readonly timestamp: string;
  readonly comment?: string;
}

export interface SnapshotOptions extends CopyReports {
  readonly commentFile?: string;
  /** The comment itself, instead of a file that has it. */
  readonly comment?: string;
  /** Copy all files, where they could be shared with the container. */
  readonly full?: boolean;
}

const LARGEST_COMMENT = 1024 * 1024;

/**
 * Makes the next `snapN`. It appears whole or not at all.
 * @throws TslxcError CONTAINER_MISSING, RUNNING, CONTAINER_BUSY, DISK_FULL, STORAGE …; or the
 *   signal's reason
 */
export async function createSnapshot(
  ref: ContainerRef,
  options: SnapshotOptions = {},
): Promise<SnapshotInfo> {
  const { commentFile } = options;
  const comment = options.comment ?? (commentFile === undefined ? undefined : readComment(commentFile));
  await sweepLeftovers(ref.lxcpath);
  using _lock = lockContainer(ref);
  await recoverContainer(ref);
  requireStopped(ref);
  const directory = snapshotsDirectory(ref);
  const name = freeName(directory);
  const build = join(directory, hiddenName(name, 'creating'));
  try {
    makeDirectories(directory, 0o700);
    mkdirSync(build, { mode: 0o700 });
    options.onStep?.(`Copying ${ref.name} to ${name}`);
    await copyContainer({
      ...options,
      from: ref,
      to: snapshotRef(ref, name),
      lxcpath: ref.lxcpath,
      way: options.full ? 'copy' : 'cheap',
      buildDirectory: build,
      volumeName: `${ref.name}_${name}`,
      onVolume: (volume) => noteVolume(build, volume),
      newIdentity: false,
      forSnapshot: true,
    });
    writeFileSync(join(build, 'ts'), timestamp(new Date()));
    if (comment !== undefined) writeFileSync(join(build, 'comment'), comment);
    renameSync(build, join(directory, name));
  } catch (error) {
    if (existsSync(build)) await removeHiddenSnapshot(build);
    removeIfEmpty(directory);
    options.signal?.throwIfAborted();
    if (tellsOfFullDisk(error))
      throw diskFull(directory, 'the half-made snapshot is removed', error).with({ container: ref.name });
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
  return snapshotInfo(ref, name);
}

/** The snapshots in the order of their numbers. */
export function listSnapshots(ref: ContainerRef): SnapshotInfo[] {
  return snapshotNames(ref).map((name) => snapshotInfo(ref, name));
}

/**
 * Removes one snapshot, or all of them.
 * @throws TslxcError SNAPSHOT_MISSING, CONTAINER_MISSING, CONTAINER_BUSY, STORAGE
 */
export async function destroySnapshot(ref: ContainerRef, snapshot: string | 'ALL'): Promise<void> {
  using _lock = lockContainer(ref);
  await recoverContainer(ref);
  if (!isDefined(ref)) throw noSuchContainer(ref);
  const directory = snapshotsDirectory(ref);
  if (snapshot !== 'ALL') requireSnapshot(ref, snapshot);
  try {
    for (const name of snapshot === 'ALL' ? snapshotNames(ref) : [snapshot]) {
      refuseMounts(join(directory, name));
      refuseLinks(ref, [join(directory, name)]);
      await refuseDependants(ref, snapshotRef(ref, name));
      const hidden = join(directory, hiddenName(name, 'destroying'));
      renameSync(join(directory, name), hidden);
      await removeHiddenSnapshot(hidden);
    }
    removeIfEmpty(directory);
  } catch (error) {
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}

export function requireSnapshot(ref: ContainerRef, snapshot: string): void {
  const names = snapshotNames(ref);
  if (names.includes(snapshot)) return;
  throw new TslxcError({
    code: 'SNAPSHOT_MISSING',
    container: ref.name,
    message: `it has no snapshot ${JSON.stringify(snapshot)}`,
    hint: names.length > 0 ? `there are: ${names.join(', ')}` : 'it has no snapshots at all',
  });
}

/** LXC's: the lowest number that is free. */
function freeName(directory: string): string {
  const taken = new Set(existsSync(directory) ? readdirSync(directory) : []);
  for (let number = 0; ; number++) if (!taken.has(`snap${number}`)) return `snap${number}`;
}

function readComment(file: string): string {
  try {
    if (statSync(file).size > LARGEST_COMMENT) throw new Error('the file is too large');
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw toTslxcError(error, 'USAGE', { message: `the comment file ${file} cannot be read`, file });
  }
}

function snapshotInfo(ref: ContainerRef, name: string): SnapshotInfo {
  const path = snapshotsDirectory(ref);
  const comment = readIfThere(join(path, name, 'comment'));
  const written = readIfThere(join(path, name, 'ts'))?.trim();
  return {
    name,
    path,
    // LXC's first versions wrote none.
    timestamp: written ?? timestamp(statSync(join(path, name, 'config')).mtime),
    ...(comment === undefined ? {} : { comment }),
  };
}

function timestamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join(':');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // There are others in it.
  }
}
