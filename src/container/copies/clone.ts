/** Clones a container (`lxc-copy`). */

import { checkName } from '../../config/container-name.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import { alreadyThere } from '../lifecycle/claim-directory.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { recoverContainer } from '../recovery/recover.ts';
import { managedVolume } from '../rootfs/managed-volume.ts';
import { isDefined, noSuchContainer } from '../state/list.ts';
import { lockPatiently } from '../state/lock.ts';
import type { ContainerRef } from '../state/paths.ts';
import { requireStopped } from '../state/require-stopped.ts';
import { liveRecord } from '../state/runtime-record.ts';
import { type CopyPlan, planCopy, type Way } from './copy-plan.ts';
import type { CopyReports } from './copy-rootfs.ts';
import { makeClone } from './make-clone.ts';

export interface CloneOptions extends CopyReports {
  /** Share what can be shared instead of copying. */
  readonly snapshot?: boolean;
  /**
   * The original stays as it is: the clone stands on its files where they are, and sees it when
   * they change.
   */
  readonly inPlace?: boolean;
  /** Backing store of the clone, the original's unless given. */
  readonly backingStore?: string;
  /** Bytes, for stores that have a size. */
  readonly size?: number;
  /**
   * The original may run: all its files are copied as they are at the time, also where sharing was
   * asked for.
   */
  readonly allowRunning?: boolean;
  readonly keepName?: boolean;
  readonly keepMac?: boolean;
  /** In whose surroundings the clone hooks run. */
  readonly caller?: CallerSurroundings | undefined;
  /** For the clone hooks. */
  readonly hookArgs?: readonly string[];
  /** Lines added to the config of the clone. */
  readonly settings?: readonly (readonly [key: string, value: string])[];
  /** A line that a clone hook printed. */
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

/** Others may be cloning the same container; where files are shared that takes a moment. */
const LOCK_PATIENCE_MS = 10_000;

/**
 * Makes the container `to` out of `from`.
 * @throws TslxcError NAME_INVALID, CONTAINER_MISSING, CONTAINER_EXISTS, RUNNING, CONTAINER_BUSY,
 *   DISK_FULL, HOOK_FAILED, STORAGE, NOT_SUPPORTED …; or the signal's reason
 */
export async function cloneContainer(
  from: ContainerRef,
  to: ContainerRef,
  options: CloneOptions = {},
): Promise<void> {
  await sweepLeftovers(from.lxcpath);
  if (to.lxcpath !== from.lxcpath) await sweepLeftovers(to.lxcpath);
  if (from.name === to.name && from.lxcpath === to.lxcpath) throw sameName(to);
  const running = liveRecord(from) !== undefined;
  if (running) refuseRunning(from, options);
  // A running container's lock is the manager's while it starts or stops only; its files are not
  // changed here.
  using _lock = await lockPatiently(from, LOCK_PATIENCE_MS);
  if (!running) {
    await recoverContainer(from);
    requireStopped(from);
  } else if (!isDefined(from)) throw noSuchContainer(from);
  await makeClone({
    ...options,
    from,
    to,
    origin: from,
    lxcpath: from.lxcpath,
    way: wayOf(options, running),
    store: options.backingStore,
  });
}

/**
 * What `cloneContainer` would do with the root filesystem: nothing is made or locked.
 * @throws TslxcError as `cloneContainer` for what can be told beforehand
 */
export async function planClone(
  from: ContainerRef,
  to: ContainerRef,
  options: CloneOptions = {},
): Promise<CopyPlan | undefined> {
  checkName(to.name);
  if (!isDefined(from)) throw noSuchContainer(from);
  if (isDefined(to)) throw alreadyThere(to, 'EEXIST');
  const running = liveRecord(from) !== undefined;
  if (running) refuseRunning(from, options);
  const source = managedVolume(from);
  const store = options.backingStore;
  return (
    source && (await planCopy({ from, lxcpath: from.lxcpath, way: wayOf(options, running), store }, source))
  );
}

function wayOf(options: CloneOptions, running: boolean): Way {
  if (running || !options.snapshot) return 'copy';
  return options.inPlace ? 'stand' : 'share';
}

function refuseRunning(ref: ContainerRef, options: CloneOptions): void {
  if (options.allowRunning) {
    if (options.snapshot) options.onNotice?.('it is running, and shares nothing: all its files are copied');
    return;
  }
  throw new TslxcError({
    code: 'RUNNING',
    container: ref.name,
    message: 'it is running, and its files change while they are copied',
    hint: `stop it first (tslxc-stop -n ${ref.name}), or copy it as it runs (tslxc-copy -a -n ${ref.name} -N NEWNAME)`,
  });
}

function sameName(ref: ContainerRef): TslxcError {
  return new TslxcError({
    code: 'CONTAINER_EXISTS',
    container: ref.name,
    message: 'the copy would have the name of the original',
    hint: 'name it with -N, or another container directory with -p',
  });
}
