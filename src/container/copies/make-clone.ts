/** Makes a container of its own out of another one, or of a snapshot: whole or not at all. */
import { checkName } from '../../config/container-name.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { openForWriting } from '../layers/open-for-writing.ts';
import { showRootfs } from '../layers/show-rootfs.ts';
import { abandon, claimDirectory } from '../lifecycle/claim-directory.ts';
import { writeHostname } from '../rootfs/hostname-file.ts';
import { lockContainer } from '../state/lock.ts';
import { remarkPartial, unmarkPartial } from '../state/partial-marker.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { type CloneHookOptions, cloneHooks, runCloneHooks } from './clone-hooks.ts';
import { type ContainerCopy, copyContainer } from './copy-container.ts';

export interface CloneOfContainer
  extends Omit<ContainerCopy, 'buildDirectory' | 'newIdentity' | 'signal' | 'volumeName' | 'onVolume'>,
    CloneHookOptions {
  /** The container that the hooks hear of: for a snapshot the one it was taken of. */
  readonly origin: ContainerRef;
}

/**
 * The caller holds the lock of the original.
 * @throws TslxcError NAME_INVALID, CONTAINER_EXISTS, CONTAINER_BUSY, DISK_FULL, HOOK_FAILED,
 *   STORAGE …; or the signal's reason
 */
export async function makeClone(clone: CloneOfContainer): Promise<void> {
  const { to } = clone;
  checkName(to.name);
  using _lock = lockContainer(to);
  claimDirectory(to);
  try {
    clone.onStep?.(`Copying ${clone.from.name} to ${to.name}`);
    const { volume } = await copyContainer({
      ...clone,
      volumeName: to.name,
      // Noted before the volume is made, so that a kill leaves no unknown volume.
      onVolume: (made) => remarkPartial(to, { volume: made }),
      buildDirectory: containerDirectory(to),
      newIdentity: true,
    });
    await finish(clone, volume);
    showRootfs(to, clone.onNotice);
    unmarkPartial(to);
  } catch (error) {
    throw await abandon(to, error, clone.signal);
  }
}

/** Gives it its name, and runs its hooks: both need the root filesystem as one tree. */
async function finish(clone: CloneOfContainer, volume: Volume | undefined): Promise<void> {
  const { to, origin } = clone;
  const hooks = cloneHooks(to);
  if (!volume) return await runCloneHooks(to, origin, undefined, hooks, clone);
  if (clone.keepName && hooks.length === 0) return;
  await using rootfs = await openForWriting(to, volume);
  if (!clone.keepName) writeHostname(rootfs.path, to.name);
  await runCloneHooks(to, origin, rootfs, hooks, clone);
}
