/** Restores a snapshot: as a new container, or in place of the container it was taken of. */

import { mkdirSync } from 'node:fs';
import { checkName } from '../../config/container-name.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import { refuseDependants } from '../lifecycle/dependants.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { recoverContainer, restoreJournalFile } from '../recovery/recover.ts';
import { managedVolume } from '../rootfs/managed-volume.ts';
import { lockContainer } from '../state/lock.ts';
import { writeMarker } from '../state/marker-file.ts';
import type { ContainerRef } from '../state/paths.ts';
import { requireStopped } from '../state/require-stopped.ts';
import { snapshotRef } from '../state/snapshot-layout.ts';
import { copyContainer } from './copy-container.ts';
import type { CopyReports } from './copy-rootfs.ts';
import { makeClone } from './make-clone.ts';
import { decideReplacement, planReplacement, swapsFor } from './replace-rootfs.ts';
import { requireSnapshot } from './snapshot.ts';

export interface RestoreOptions extends CopyReports {
  /** Name of the container to make; the snapshot's own takes the place of the present one. */
  readonly newName?: string;
  /** Copy all files, where they could be shared with the snapshot. */
  readonly full?: boolean;
  /** In whose surroundings the clone hooks run. */
  readonly caller?: CallerSurroundings | undefined;
  /** A line that a clone hook printed. */
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

/**
 * @throws TslxcError SNAPSHOT_MISSING, CONTAINER_EXISTS, RUNNING, CONTAINER_BUSY, DISK_FULL,
 *   HOOK_FAILED, STORAGE …; or the signal's reason
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
  if (name === ref.name) return await restoreInPlace(ref, snapshot, options);
  await makeClone({
    ...options,
    from: snapshotRef(ref, snapshot),
    to: { name, lxcpath: ref.lxcpath },
    origin: ref,
    lxcpath: ref.lxcpath,
    way: options.full ? 'copy' : 'cheap',
  });
}

/**
 * The new root filesystem is built beside the present one; a journal that is replaced by a rename
 * decides from which moment on a kill ends with the new one instead of the old one.
 */
async function restoreInPlace(ref: ContainerRef, snapshot: string, options: RestoreOptions): Promise<void> {
  requireStopped(ref);
  await refuseDependants(ref);
  const { outside, volumes, ...journal } = planReplacement(ref, managedVolume(snapshotRef(ref, snapshot)));
  try {
    writeMarker(restoreJournalFile(ref), journal);
    mkdirSync(journal.build, { mode: 0o700 });
    options.onStep?.(`Copying ${snapshot} of ${ref.name}`);
    const { files, volume } = await copyContainer({
      ...options,
      from: snapshotRef(ref, snapshot),
      to: ref,
      lxcpath: ref.lxcpath,
      way: options.full ? 'copy' : 'cheap',
      buildDirectory: journal.build,
      outside,
      volumes,
      volumeName: ref.name,
      newIdentity: false,
    });
    options.onStep?.(`Replacing ${ref.name}`);
    await decideReplacement(ref, { ...journal, files, swaps: swapsFor(ref, journal, volume) });
  } catch (error) {
    // Back or forward, as the journal says by now; if that fails too, the next command goes on with
    // it.
    await recoverContainer(ref).catch(() => undefined);
    options.signal?.throwIfAborted();
    if (tellsOfFullDisk(error))
      throw diskFull(journal.build, 'the container is as it was', error).with({ container: ref.name });
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}
