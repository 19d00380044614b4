import { watch as watchFile } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { currentState } from '../container/observe/info.ts';
import { type ContainerRef, refKey } from '../container/state/paths.ts';
import { allRunning, liveRecord } from '../container/state/runtime-record.ts';
import type { State } from '../container/state/state.ts';
import { runPaths } from '../manager/process/run-paths.ts';
import { ManagerClient } from '../manager/wire/client.ts';
import type { ContainerEvent, StateOfContainer } from '../manager/wire/protocol.ts';
import type { RequestContext } from '../util/request-context.ts';
import { requireRoot } from './manager.ts';

export type { ContainerEvent, ExitEvent, StateEvent, StateOfContainer } from '../manager/wire/protocol.ts';

export interface WatchListener {
  /**
   * Called with the containers that are not STOPPED when the watch begins, and when it continues
   * with another manager.
   */
  onStates?(containers: readonly StateOfContainer[]): void;
  onEvent(event: ContainerEvent): void;
}

/**
 * Reports events of the containers in these directories (all containers, if the list is empty)
 * until the signal is aborted. There may be no manager yet, and it may be replaced during the
 * watch: events in between are reported as the resulting state.
 */
export async function watchContainers(
  context: RequestContext,
  lxcpaths: readonly string[],
  listener: WatchListener,
  signal: AbortSignal,
): Promise<void> {
  requireRoot('watch containers');
  let known: Map<string, StateOfContainer> | undefined;
  /** Time of the last complete knowledge: a new manager reports the events since then. */
  let since: string | undefined;
  let longGone = true;
  const tell = (event: ContainerEvent) => {
    if (event.type === 'state') known?.set(refKey(event), event);
    listener.onEvent(event);
  };
  const compare = (now: readonly StateOfContainer[]) => {
    const before = known;
    known = new Map(now.map((one) => [refKey(one), one]));
    listener.onStates?.(now);
    for (const old of before?.values() ?? [])
      if (!known.has(refKey(old)) && old.state !== 'STOPPED') tell(unseen({ ...old, state: 'STOPPED' }));
    if (before) for (const one of now) if (before.get(refKey(one))?.state !== one.state) tell(unseen(one));
  };
  while (!signal.aborted) {
    const manager = await ManagerClient.connect(context, { start: false });
    if (!manager) {
      // After a container's end a new manager appears soon, and knows more than the files on disk.
      if (longGone) {
        since = new Date().toISOString();
        compare(statesOnDisk(lxcpaths));
      }
      longGone = !(await managerAppears(signal));
      continue;
    }
    try {
      const over = until(signal, (done) => {
        manager.onEnd = done;
      });
      const { containers } = await manager.request(
        'watch',
        { lxcpaths, ...(since ? { since } : {}) },
        (event) => {
          if (event.type === 'state' || event.type === 'exit') tell(event);
        },
      );
      compare(containers);
      await over;
      since = new Date().toISOString();
      longGone = false;
    } catch (error) {
      if ((error as { code?: string }).code !== 'MANAGER_DIED') throw error;
    } finally {
      manager.close();
    }
  }
}

function unseen({ name, lxcpath, state }: StateOfContainer): ContainerEvent {
  return { type: 'state', time: new Date().toISOString(), name, lxcpath, state };
}

/** Without a manager the containers keep running. */
function statesOnDisk(lxcpaths: readonly string[]): StateOfContainer[] {
  return allRunning()
    .filter((record) => lxcpaths.length === 0 || lxcpaths.includes(record.lxcpath))
    .map(({ name, lxcpath }) => ({ name, lxcpath, state: currentState(liveRecord({ name, lxcpath })) }))
    .filter(({ state }) => state !== 'STOPPED');
}

/** The state of a container without a manager, as `tslxc-info` shows it. */
export function stateOf(ref: ContainerRef): State {
  return currentState(liveRecord(ref));
}

/**
 * Longest pause between two looks for the manager's socket, milliseconds, in case a notification
 * was missed.
 */
const LOOK_AGAIN = 3000;

/** @returns false if no manager appeared for a while */
async function managerAppears(signal: AbortSignal): Promise<boolean> {
  const { directory, managerSocket } = runPaths();
  const watcher = watchFile(directory);
  try {
    return await Promise.race([
      until(signal, (done) => {
        watcher.on('change', (_, file) => {
          if (file === basename(managerSocket)) done();
        });
        watcher.on('error', done);
      }).then(() => true),
      delay(LOOK_AGAIN, false, { signal }).catch(() => false),
    ]);
  } finally {
    watcher.close();
  }
}

/** Settles when `arrange`'s callback is called, or as soon as the signal is aborted. */
function until(signal: AbortSignal, arrange: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    arrange(() => resolve());
  });
}

/** Asks the manager to leave. @returns whether it leaves, or is not running */
export async function quitManager(context: RequestContext): Promise<boolean> {
  requireRoot('end the manager');
  const manager = await ManagerClient.connect(context, { start: false });
  if (!manager) return true;
  try {
    return (await manager.request('quit', {})).left;
  } finally {
    manager.close();
  }
}
