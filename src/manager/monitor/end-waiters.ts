/** Everything that waits for the ends of one container. */
import { reasonText } from '../../container/state/end-reason.ts';
import type { ContainerRef } from '../../container/state/paths.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Ending } from './monitor-host.ts';

export class EndWaiters {
  #listeners = new Set<(ending: Ending) => void>();
  #last: Ending | undefined;
  #setGone: () => void = () => {};
  /** Settles when the manager no longer looks after the container. */
  readonly gone = new Promise<void>((resolve) => {
    this.#setGone = resolve;
  });

  get isOver(): boolean {
    return this.#last !== undefined;
  }

  markGone(): void {
    this.#setGone();
  }

  /** Settles with the next end, or with the last one when there is no other. */
  ended(): Promise<Ending> {
    if (this.#last) return Promise.resolve(this.#last);
    return new Promise((resolve) => this.#listeners.add(resolve));
  }

  tell(ending: Ending): void {
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener(ending);
  }

  /** The container will not come back. */
  tellLast(ending: Ending): void {
    this.#last = ending;
    this.tell(ending);
  }
}

/**
 * @throws TslxcError START_FAILED when a reboot was asked for and the container did not come back
 */
export function requireReboot(ref: ContainerRef, { target, failure, reason }: Ending): void {
  if (target === 'reboot') return;
  if (failure) throw failure.with({ container: ref.name });
  throw new TslxcError({
    code: 'START_FAILED',
    container: ref.name,
    message: `it ended and did not reboot: ${reasonText(reason)}`,
    hint: 'lxc.signal.reboot names the signal that makes its init reboot',
  });
}
