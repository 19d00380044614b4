/**
 * Whether a request process is after a command as it was before: only then it takes another
 * request. What a command leaves behind (a descriptor, a lock, a handle of the event loop, a
 * listener, a thread's view of the mounts) must not be the next caller's.
 */
import { readdirSync } from 'node:fs';

/** After so many requests a fresh process takes the place of this one. */
const MOST_REQUESTS = 200;
/** How often the event loop goes round while the last handles are being closed. */
const ROUNDS = 20;

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

export class Traces {
  readonly #descriptors = openDescriptors();
  readonly #listeners = listeners();
  /** A command has had one of Node's own stream objects made, which are made once. */
  #streams = false;
  #requests = 0;

  constructor() {
    for (const name of STREAMS) this.#watch(name);
  }

  #watch(name: (typeof STREAMS)[number]): void {
    const { get, ...rest } = Object.getOwnPropertyDescriptor(process, name)!;
    Object.defineProperty(process, name, {
      ...rest,
      get: () => {
        this.#streams = true;
        return get!.call(process);
      },
    });
  }

  /** Waits a moment for handles that are being closed. */
  async none(): Promise<boolean> {
    if (this.#streams || ++this.#requests >= MOST_REQUESTS) return false;
    for (let round = 0; process.getActiveResourcesInfo().length > 0; round++) {
      if (round === ROUNDS) return false;
      await new Promise(setImmediate);
    }
    return listeners() === this.#listeners && openDescriptors() === this.#descriptors;
  }
}

const listeners = () =>
  process
    .eventNames()
    .map((name) => `${String(name)} ${process.listenerCount(name)}`)
    .join();

/** Their numbers. */
const openDescriptors = () => readdirSync('/proc/self/fd').join();
