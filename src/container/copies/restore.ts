/** Brings a snapshot back: as a new container, or in the place of the one that it was taken of (lxc.md 3.2). */
import { mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkName } from '../../config/container-name.ts';
import { loadConfig, readConfig } from '../../config/load-config.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { refuseMounts } from '../../storage/remove-tree.ts';
import { abandon, claimDirectory } from '../claim-directory.ts';
import { refuseClones } from '../dependants.ts';
import { hiddenName } from '../hidden-name.ts';
import { hookEnvironment } from '../hook-environment.ts';
import { sweepLeftovers } from '../leftovers.ts';
import { lockContainer } from '../lock.ts';
import { writeMarker } from '../marker-file.ts';
import { markPartial, unmarkPartial } from '../partial-marker.ts';
import { type ContainerRef, configFile, containerDirectory } from '../paths.ts';
import { finishRestore, type RestoreJournal, recoverContainer, restoreJournalFile } from '../recover.ts';
import { ownRootfsOutside } from '../rootfs-owner.ts';
import { runHook } from '../run-hook.ts';
import { copyContainer, managedVolume } from './copy-container.ts';
import { writeHostname } from './hostname-file.ts';
import { requireSnapshot, requireStopped } from './snapshot.ts';
import { snapshotRef } from './snapshot-layout.ts';

export interface RestoreOptions {
  /** Name of the container to make; the snapshot's own takes the place of the present one. */
  readonly newName?: string;
  readonly signal?: AbortSignal;
  onStep?(text: string): void;
  /** A line that a clone hook printed. */
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

/**
 * @throws TslxcError SNAPSHOT_MISSING, CONTAINER_EXISTS, RUNNING, CONTAINER_BUSY, DISK_FULL, HOOK_FAILED, STORAGE …; or
 * the signal's reason
 */
export async function restoreSnapshot(
  ref: ContainerRef,
  snapshot: string,
  options: RestoreOptions = {},
): Promise<void> {
  const name = options.newName ?? ref.name;
  checkName(name);
  await sweepLeftovers(ref.lxcpath);
  using _lock = lockContainer(ref);
  await recoverContainer(ref);
  requireSnapshot(ref, snapshot);
  if (name === ref.name) await restoreInPlace(ref, snapshot, options);
  else await restoreAs({ name, lxcpath: ref.lxcpath }, ref, snapshot, options);
}

async function restoreAs(
  to: ContainerRef,
  origin: ContainerRef,
  snapshot: string,
  options: RestoreOptions,
): Promise<void> {
  using _lock = lockContainer(to);
  claimDirectory(to);
  try {
    markPartial(to);
    options.onStep?.(`Copying ${snapshot} of ${origin.name} to ${to.name}`);
    const directory = containerDirectory(to);
    const rootfs = join(directory, 'rootfs');
    const from = snapshotRef(origin, snapshot);
    const has = managedVolume(from) !== undefined;
    await copyContainer({
      from,
      to,
      rootfs,
      buildRootfs: rootfs,
      buildDirectory: directory,
      newIdentity: true,
      signal: options.signal,
    });
    if (has) writeHostname(rootfs, to.name);
    await runCloneHooks(to, origin, options);
    unmarkPartial(to);
  } catch (error) {
    throw await abandon(to, error, options.signal);
  }
}

async function runCloneHooks(to: ContainerRef, origin: ContainerRef, options: RestoreOptions): Promise<void> {
  const config = loadConfig(configFile(to), { name: to.name });
  const { onLine } = options;
  const rootfs = config.one('lxc.rootfs.path');
  for (const hook of config.all('lxc.hook.clone')) {
    await runHook({
      ref: to,
      type: 'clone',
      command: hook.value,
      env: {
        ...hookEnvironment(to, config),
        LXC_SRC_NAME: origin.name,
        // LXC gives this one with the type in front, and the root filesystem is mounted where it is.
        ...(rootfs ? { LXC_ROOTFS_PATH: rootfs.text, LXC_ROOTFS_MOUNT: rootfs.value.path } : {}),
      },
      version: config.one('lxc.hook.version')?.value === 1 ? 1 : 0,
      origin: hook.origin,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(onLine ? { onLine: (text: string, stream: 'stdout' | 'stderr') => onLine(text, stream) } : {}),
    });
  }
}

/**
 * The new root filesystem is built beside the present one; a journal that is replaced by a rename decides from which
 * moment on a kill ends with the new one instead of the old one.
 */
async function restoreInPlace(ref: ContainerRef, snapshot: string, options: RestoreOptions): Promise<void> {
  requireStopped(ref);
  refuseClones(ref);
  const journal = planRestore(ref);
  try {
    refuseMounts(journal.rootfs.target);
    writeMarker(restoreJournalFile(ref), journal);
    mkdirSync(journal.build, { mode: 0o700 });
    options.onStep?.(`Copying ${snapshot} of ${ref.name}`);
    const files = await copyContainer({
      from: snapshotRef(ref, snapshot),
      to: ref,
      rootfs: journal.rootfs.target,
      buildRootfs: journal.rootfs.fresh,
      buildDirectory: journal.build,
      newIdentity: false,
      signal: options.signal,
    });
    makeFolders(ref, files);
    const complete: RestoreJournal = { ...journal, phase: 'swapping', files };
    const decided = join(journal.build, 'journal');
    writeMarker(decided, complete);
    renameSync(decided, restoreJournalFile(ref));
    options.onStep?.(`Replacing ${ref.name}`);
    await finishRestore(ref, complete);
  } catch (error) {
    // Back or forward, as the journal says by now; if that fails too, the next command goes on with it.
    await recoverContainer(ref).catch(() => undefined);
    options.signal?.throwIfAborted();
    if (tellsOfFullDisk(error))
      throw diskFull(journal.rootfs.fresh, 'the container is as it was', error).with({ container: ref.name });
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}

function planRestore(ref: ContainerRef): RestoreJournal {
  const directory = containerDirectory(ref);
  // A config that has been spoilt since is a reason to restore: its faults are passed over.
  const { config } = readConfig(configFile(ref), { name: ref.name });
  const present = config.one('lxc.rootfs.path')?.value.path;
  const inside = present?.startsWith(`${directory}/`) ? present : join(directory, 'rootfs');
  const target = ownRootfsOutside(ref, config)?.path ?? inside;
  const beside = (purpose: 'restoring' | 'replaced') =>
    join(dirname(target), hiddenName(basename(target), purpose));
  return {
    phase: 'building',
    build: join(directory, hiddenName('config', 'restoring')),
    files: [],
    rootfs: { target, fresh: beside('restoring'), old: beside('replaced') },
  };
}

/** Folders of hook scripts that have been removed since. */
function makeFolders(ref: ContainerRef, files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(containerDirectory(ref), file)), { recursive: true, mode: 0o700 });
  }
}
