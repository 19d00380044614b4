/**
 * Puts all files of a container that stands on layers into its own directory again: it shares
 * nothing afterwards.
 */
import { mkdirSync } from 'node:fs';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { recoverContainer, restoreJournalFile } from '../recovery/recover.ts';
import { managedVolume } from '../rootfs/managed-volume.ts';
import { lockContainer } from '../state/lock.ts';
import { writeMarker } from '../state/marker-file.ts';
import type { ContainerRef } from '../state/paths.ts';
import { requireStopped } from '../state/require-stopped.ts';
import { copyContainer } from './copy-container.ts';
import type { CopyReports } from './copy-rootfs.ts';
import { decideReplacement, planReplacement, swapsFor } from './replace-rootfs.ts';

/**
 * @returns whether there was anything to do
 * @throws TslxcError CONTAINER_MISSING, RUNNING, CONTAINER_BUSY, DISK_FULL, STORAGE …; or the
 *   signal's reason
 */
export async function flattenContainer(ref: ContainerRef, reports: CopyReports = {}): Promise<boolean> {
  await sweepLeftovers(ref.lxcpath);
  using _lock = lockContainer(ref);
  await recoverContainer(ref);
  requireStopped(ref);
  return await flattenLocked(ref, reports);
}

/** The caller holds the container's lock, and it is stopped. */
export async function flattenLocked(ref: ContainerRef, reports: CopyReports): Promise<boolean> {
  if (managedVolume(ref)?.type !== 'overlay') return false;
  const { outside: _, volumes: _none, ...journal } = planReplacement(ref);
  try {
    writeMarker(restoreJournalFile(ref), journal);
    mkdirSync(journal.build, { mode: 0o700 });
    reports.onStep?.(`Flattening ${ref.name}`);
    const copied = await copyContainer({
      ...reports,
      from: ref,
      to: ref,
      lxcpath: ref.lxcpath,
      way: 'copy',
      buildDirectory: journal.build,
      volumeName: ref.name,
      newIdentity: false,
    });
    const swaps = swapsFor(ref, journal, copied.volume);
    await decideReplacement(ref, { ...journal, files: ['config'], swaps });
  } catch (error) {
    await recoverContainer(ref).catch(() => undefined);
    reports.signal?.throwIfAborted();
    if (tellsOfFullDisk(error))
      throw diskFull(journal.build, 'the container is as it was', error).with({ container: ref.name });
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
  return true;
}
