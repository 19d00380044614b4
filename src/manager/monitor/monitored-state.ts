/** The state of one container. Each change follows the table of transitions and is told. */
import { type EndReason, reasonText, type StateReason } from '../../container/state/end-reason.ts';
import type { History } from '../../container/state/history.ts';
import type { ContainerRef } from '../../container/state/paths.ts';
import type { State } from '../../container/state/state.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';
import type { ContainerEvent } from '../wire/protocol.ts';
import type { Run } from './run.ts';
import { checkTransition } from './transitions.ts';

export class MonitoredState {
  readonly #ref: ContainerRef;
  readonly #history: History;
  readonly #onEvent: (event: ContainerEvent) => void;
  #value: State = 'STOPPED';

  constructor(ref: ContainerRef, history: History, onEvent: (event: ContainerEvent) => void) {
    this.#ref = ref;
    this.#history = history;
    this.#onEvent = onEvent;
  }

  get value(): State {
    return this.#value;
  }

  /**
   * Changes the state, and tells listeners and the history. Does nothing if the container is in
   * this state.
   * @throws TslxcError INTERNAL for a change that the table of transitions does not have
   */
  enter(state: State, reason?: StateReason): void {
    if (this.#value === state) return;
    checkTransition(this.#ref, this.#value, state);
    this.#value = state;
    this.#history.add('state', reason ? `${state} (${reasonText(reason)})` : state);
    const time = new Date().toISOString();
    this.#onEvent({ type: 'state', time, ...this.#ref, state, ...(reason ? { reason } : {}) });
  }

  /** Sets the state of an adopted run, or of a container whose tear-down failed. Tells no event. */
  assume(state: State): void {
    this.#value = state;
  }

  /** Tells that init has ended. @param status of init; null where it is unknown */
  tellExit(status: ExitStatus | null, reason: EndReason): void {
    this.#onEvent({ type: 'exit', time: new Date().toISOString(), ...this.#ref, status, reason });
  }

  /**
   * Stops all processes of the run where they are. A frozen container stays frozen.
   * @throws TslxcError what the freezer's cgroup refuses; the container then is RUNNING
   */
  async freeze(run: Run): Promise<void> {
    if (run.isFrozen()) {
      this.enter('FROZEN', { kind: 'freeze' });
      return;
    }
    this.enter('FREEZING', { kind: 'freeze' });
    try {
      await run.freeze();
    } catch (error) {
      if (this.#value === 'FREEZING') this.enter('RUNNING');
      throw error;
    }
    // The container may have been killed meanwhile.
    if (this.#value === 'FREEZING') this.enter('FROZEN', { kind: 'freeze' });
  }

  /** @param isCurrent says, after the thaw, whether the run still is the container's run */
  async unfreeze(run: Run, isCurrent: () => boolean): Promise<void> {
    if (!run.isFrozen() && this.#value === 'RUNNING') return;
    await run.unfreeze();
    if (!isCurrent()) return;
    this.enter('THAWED', { kind: 'unfreeze' });
    this.enter('RUNNING', { kind: 'unfreeze' });
  }
}
