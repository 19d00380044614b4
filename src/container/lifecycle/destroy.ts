/** Removes a container with its root filesystem, snapshots, logs and history. */

import { existsSync, lstatSync, realpathSync } from 'node:fs';
import type { ContainerConfig } from '../../config/container-config.ts';
import { readConfig } from '../../config/load-config.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { MOUNT_POINT } from '../../storage/mounted-volume.ts';
import { refuseMounts, removeTree } from '../../storage/remove-tree.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import { runHook } from '../hooks/run-hook.ts';
import { refuseMountsInRootfs } from '../layers/show-rootfs.ts';
import { hostHookVariables } from '../plan/environment.ts';
import { lxcHookVariables } from '../plan/hook-environment.ts';
import { discardContainer } from '../recovery/discard.ts';
import { sweepLeftovers, sweepPartial } from '../recovery/leftovers.ts';
import { recoverContainer } from '../recovery/recover.ts';
import { ownVolumes } from '../rootfs/own-volumes.ts';
import { placesOf, refuseLinks } from '../rootfs/refuse-links.ts';
import { ownRootfsOutside } from '../rootfs/rootfs-owner.ts';
import { noSuchContainer } from '../state/list.ts';
import { forgetLock, lockPatiently } from '../state/lock.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { liveRecord } from '../state/runtime-record.ts';
import { snapshotsDirectory } from '../state/snapshot-layout.ts';
import { refuseDependants, refuseSnapshots } from './dependants.ts';

export interface DestroyOptions {
  /** Kill it first when it runs. */
  readonly force?: boolean;
  /** Its snapshots too. */
  readonly snapshots?: boolean;
}

export interface DestroyHelp {
  /** Stops the container; used with `force` only. */
  stop?(): Promise<void>;
  /** In whose surroundings the hooks run. */
  readonly caller?: CallerSurroundings | undefined;
  /** A line that a destroy hook printed. */
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

/** How long what follows a stop (hooks, cgroups) may hold the lock. */
const LOCK_PATIENCE_MS = 5000;

/**
 * Destroys a container. A kill half-way leaves nothing that can be mistaken for a container, and
 * the next create or destroy removes the rest.
 *
 * @throws TslxcError CONTAINER_MISSING, RUNNING, HAS_DEPENDANTS, HOOK_FAILED, CONTAINER_BUSY,
 *   CONFIG_*, STORAGE
 */
export async function destroyContainer(
  ref: ContainerRef,
  options: DestroyOptions & DestroyHelp = {},
): Promise<void> {
  const swept = await sweepLeftovers(ref.lxcpath);
  const stopped = await stopFirst(ref, options);
  using _lock = await lockPatiently(ref, stopped ? LOCK_PATIENCE_MS : 0);
  if (await sweepPartial(ref)) return;
  if (!existsSync(configFile(ref))) {
    // Done already: a killed destroy had begun, or the manager removed an ephemeral container at
    // its stop.
    forgetLock(ref);
    if (swept.includes(ref.name) || stopped) return;
    throw noSuchContainer(ref);
  }
  // Another command may have started the container between the stop and the lock.
  refuseRunning(ref);
  await recoverContainer(ref);
  if (!options.snapshots) refuseSnapshots(ref);
  await refuseDependants(ref);
  try {
    await removeDefined(ref, options);
    forgetLock(ref);
  } catch (error) {
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}

async function removeDefined(ref: ContainerRef, options: DestroyOptions & DestroyHelp): Promise<void> {
  const { config, errors } = readConfig(configFile(ref), { name: ref.name });
  // A config that cannot be read names neither hooks nor root filesystem for sure: only on demand.
  if (errors[0] && !options.force) {
    throw errors[0].with({ hint: 'correct it, or destroy the container with -f, which runs no hooks then' });
  }
  const rootfs = config.get('lxc.rootfs.path');
  const volume: Volume | undefined = rootfs && volumeOf(rootfs.value);
  if (volume && volume.type !== 'overlay') storeOf(volume);
  const outside = errors.length > 0 ? undefined : ownRootfsOutside(ref, config);
  // Before the hooks: they are not to run for a destroy that is then refused.
  refuseLinks(ref, [...placesOf(ref), ...(outside ? [outside.path] : [])]);
  refuseMounts(containerDirectory(ref));
  refuseMountsInRootfs(ref);
  if (outside) refuseMounts(outside.path);
  if (errors.length === 0) await runDestroyHooks(ref, config, options);
  const snapshots = snapshotsDirectory(ref);
  if (!snapshots.startsWith(`${containerDirectory(ref)}/`)) await removeTree(snapshots);
  const given = linkTarget(configFile(ref));
  await discardContainer(ref, outside?.path, errors.length > 0 ? [] : ownVolumes(ref));
  if (given !== undefined) options.onLine?.(`its config was a link: ${given} is left as it is`, 'stderr');
}

function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? realpathSync(path) : undefined;
}

async function runDestroyHooks(
  ref: ContainerRef,
  config: ContainerConfig,
  options: DestroyHelp,
): Promise<void> {
  const { onLine } = options;
  for (const hook of config.getAll('lxc.hook.destroy')) {
    await runHook({
      ref,
      type: 'destroy',
      caller: options.caller,
      command: hook.value,
      // Nothing is mounted there, but an empty variable would lead a careless hook to the host's
      // root.
      env: { LXC_ROOTFS_MOUNT: MOUNT_POINT, ...hostHookVariables(config), ...lxcHookVariables(ref, config) },
      version: config.get('lxc.hook.version')?.value === 1 ? 1 : 0,
      origin: hook.origin,
      ...(onLine ? { onLine: (text: string, stream: 'stdout' | 'stderr') => onLine(text, stream) } : {}),
    });
  }
}

/** Whether it had to be stopped. */
async function stopFirst(ref: ContainerRef, options: DestroyOptions & DestroyHelp): Promise<boolean> {
  if (!liveRecord(ref)) return false;
  if (!options.force || !options.stop) refuseRunning(ref);
  await options.stop?.();
  return true;
}

function refuseRunning(ref: ContainerRef): void {
  if (!liveRecord(ref)) return;
  throw new TslxcError({
    code: 'RUNNING',
    container: ref.name,
    message: 'it is running',
    hint: `stop it first, or destroy it with -f: tslxc-destroy -n ${ref.name} -f`,
  });
}
