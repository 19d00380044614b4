/**
 * A container's states as a table: which may follow which, and in which a request can be served.
 */
import type { ContainerRef } from '../../container/state/paths.ts';
import type { State } from '../../container/state/state.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';

/**
 * STOPPED leads to the states of a run that this manager finds: it adopts running and ended
 * containers.
 */
const NEXT: { readonly [S in State]: readonly State[] } = {
  STOPPED: ['STARTING', 'RUNNING', 'FROZEN', 'STOPPING'],
  STARTING: ['RUNNING', 'ABORTING'],
  RUNNING: ['FREEZING', 'FROZEN', 'THAWED', 'STOPPING'],
  FREEZING: ['FROZEN', 'RUNNING', 'STOPPING'],
  FROZEN: ['THAWED', 'STOPPING'],
  THAWED: ['RUNNING', 'STOPPING'],
  STOPPING: ['STOPPED'],
  ABORTING: ['STOPPED'],
};

/** @throws TslxcError INTERNAL for a change that the table does not have */
export function checkTransition(ref: ContainerRef, from: State, to: State): void {
  if (NEXT[from].includes(to)) return;
  throw new TslxcError({
    code: 'INTERNAL',
    container: ref.name,
    message: `a container that is ${from} cannot become ${to}`,
  });
}

/** What a request for a running container is answered in the other states. */
const REFUSED: { readonly [S in State]?: string } = {
  STOPPED: 'it is not running',
  STARTING: 'it is still starting',
  STOPPING: 'it is stopping',
  ABORTING: 'its start has failed and is being undone',
};

/** @throws TslxcError NOT_RUNNING in a state without a run */
export function requireRunning(ref: ContainerRef, state: State): void {
  const message = REFUSED[state];
  if (message !== undefined) throw new TslxcError({ code: 'NOT_RUNNING', container: ref.name, message });
}
