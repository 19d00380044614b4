/**
 * Gives a container another name: its directory is renamed, and the lines of its configs (its
 * snapshots' too) that name the directory follow. A marker in the directory lets the next command
 * finish when it was killed in between.
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { checkName } from '../../config/container-name.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import { refuseMounts } from '../../storage/remove-tree.ts';
import { hideRootfs, refuseMountsInRootfs, showRootfs } from '../layers/show-rootfs.ts';
import { alreadyThere } from '../lifecycle/claim-directory.ts';
import { refuseDependants } from '../lifecycle/dependants.ts';
import { finishRename, type Renaming, renamingFile } from '../recovery/finish-rename.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { recoverContainer } from '../recovery/recover.ts';
import { removeHistory } from '../state/history.ts';
import { lockContainer } from '../state/lock.ts';
import { writeMarker } from '../state/marker-file.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { requireStopped } from '../state/require-stopped.ts';
import { snapshotNames, snapshotsDirectory } from '../state/snapshot-layout.ts';

export interface RenameOptions {
  /** Leave the host name inside as it is. */
  readonly keepName?: boolean;
}

/**
 * @throws TslxcError NAME_INVALID, CONTAINER_MISSING, CONTAINER_EXISTS, RUNNING, HAS_DEPENDANTS,
 *   CONTAINER_BUSY, STORAGE
 */
export async function renameContainer(
  ref: ContainerRef,
  name: string,
  options: RenameOptions = {},
): Promise<void> {
  checkName(name);
  const to = { name, lxcpath: ref.lxcpath };
  await sweepLeftovers(ref.lxcpath);
  using _lock = lockContainer(ref);
  using _other = lockContainer(to);
  await recoverContainer(ref);
  requireStopped(ref);
  if (existsSync(containerDirectory(to))) throw alreadyThere(to, 'EEXIST');
  await refuseDependants(ref);
  // Its snapshots stay below it; the first versions of LXC had them elsewhere, under the name.
  refuseMounts(containerDirectory(ref));
  refuseMountsInRootfs(ref);
  const marker: Renaming = {
    from: containerDirectory(ref),
    to: containerDirectory(to),
    keepName: options.keepName ?? false,
  };
  const written = configTexts(ref);
  try {
    rmSync(renamingFile(ref), { force: true });
    writeMarker(renamingFile(ref), marker);
    const legacy = snapshotsDirectory(ref);
    hideRootfs(ref);
    renameSync(containerDirectory(ref), containerDirectory(to));
    removeHistory(ref);
    if (!legacy.startsWith(`${marker.from}/`)) renameSync(legacy, join(legacy, '..', name));
    await finishRename(to);
  } catch (error) {
    // For example a full disk. No config names the new place yet, so everything is restored.
    if (existsSync(renamingFile(to)) && isDeepStrictEqual(configTexts(to), written)) moveBack(to, ref);
    else rmSync(renamingFile(ref), { force: true });
    showRootfs(ref);
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}

function configTexts(ref: ContainerRef): string[] {
  const snapshots = snapshotNames(ref).map((name) => join(snapshotsDirectory(ref), name));
  return [...snapshots, containerDirectory(ref)].map((path) => readFileSync(join(path, 'config'), 'utf8'));
}

function moveBack(from: ContainerRef, to: ContainerRef): void {
  const legacy = snapshotsDirectory(from);
  hideRootfs(from);
  renameSync(containerDirectory(from), containerDirectory(to));
  if (!legacy.startsWith(`${containerDirectory(from)}/`) && existsSync(legacy))
    renameSync(legacy, join(legacy, '..', to.name));
  rmSync(renamingFile(to), { force: true });
}
