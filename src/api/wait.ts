import type { ContainerRef } from '../container/state/paths.ts';
import { liveRecord } from '../container/state/runtime-record.ts';
import type { State } from '../container/state/state.ts';
import { ManagerClient } from '../manager/wire/client.ts';
import type { RequestContext } from '../util/request-context.ts';
import { requireRoot } from './manager.ts';
import { stateOf, watchContainers } from './watch.ts';

/**
 * Waits until a container is in one of the states. A container that does not exist counts as
 * STOPPED.
 * @param seconds -1 for no limit
 * @returns the state; undefined when the time is over
 */
export async function waitForState(
  context: RequestContext,
  ref: ContainerRef,
  states: readonly State[],
  seconds: number,
): Promise<State | undefined> {
  requireRoot('wait for a container');
  const now = stateOf(ref);
  if (states.includes(now)) return now;
  if (seconds === 0) return undefined;
  // The manager adopts a container that runs without one: otherwise its end would go unnoticed.
  if (liveRecord(ref)) (await ManagerClient.connect(context, { start: true }))?.close();
  const over = new AbortController();
  const timer = seconds < 0 ? undefined : setTimeout(() => over.abort(), seconds * 1000);
  let reached: State | undefined;
  const see = (state: State) => {
    if (reached !== undefined || !states.includes(state)) return;
    reached = state;
    over.abort();
  };
  await watchContainers(
    context,
    [ref.lxcpath],
    {
      onStates: (containers) => see(containers.find(({ name }) => name === ref.name)?.state ?? 'STOPPED'),
      onEvent: (event) => {
        if (event.type === 'state' && event.name === ref.name) see(event.state);
      },
    },
    over.signal,
  );
  clearTimeout(timer);
  return reached;
}
