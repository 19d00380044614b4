import type { ErrorDetails } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { ResolvedNic } from '../network/nic-plan.ts';
import { LineBuffer } from '../util/line-buffer.ts';
import type { StageOrder } from './order.ts';

/**
 * The closed set of messages between the manager and a stage, one JSON object a line. The stage
 * speaks and waits in lockstep; the end of the stream means that the other side has died, and the
 * stage goes with it.
 *
 *     manager          stage
 *     plan         ->                                     all that is known beforehand
 *                  <-  init {pid}                         pid 1 of the container exists
 *     cgroups      ->                                     made (before init, without initCgroup)
 *     network      ->                                     host ends of the nics are made
 *                  <-  ptys {console, ttys, devpts}       the stage's descriptors, to be copied
 *                  <-  ready                              all but execve is done
 *     go           ->
 *                  <-  listener {fd}                      a filter notifies: to be copied
 *     taken        ->
 *                  <-  executed, or end of stream         execve has succeeded
 *                  <-  error {…}                          instead of any answer
 *                  <-  log {text}                         any time
 *
 * A spawner says able before all of that, and executed, and waits for the next plan. An attach has
 * plan, init, go, listener and the end; the holder of a user namespace says userns and waits for
 * taken; who asks a seccomp proxy has plan and ready.
 */
export type ToStage =
  | { readonly type: 'plan'; readonly order: StageOrder }
  /**
   * `files`: through which init enters the others; without initCgroup the stage does, before it
   * makes init.
   */
  | { readonly type: 'cgroups'; readonly files: readonly string[] }
  | { readonly type: 'network'; readonly nics: readonly ResolvedNic[] }
  | { readonly type: 'taken' }
  | { readonly type: 'go' };

/** The level of a line for the container's log; INFO by default. */
export type StageLogLevel = 'DEBUG' | 'WARN';

export type FromStage =
  | { readonly type: 'init'; readonly pid: number }
  | {
      readonly type: 'ptys';
      readonly console: number;
      readonly ttys: readonly number[];
      readonly devpts: number;
    }
  | { readonly type: 'userns' }
  | { readonly type: 'listener'; readonly fd: number }
  | { readonly type: 'ready' }
  /** `pid`: the spawner's own, after its hand-over. */
  | { readonly type: 'able'; readonly pid: number }
  | { readonly type: 'executed' }
  | { readonly type: 'log'; readonly text: string; readonly level?: StageLogLevel }
  | { readonly type: 'error'; readonly error: ErrorDetails };

/** The stage's end: blocking. */
export class StageChannel {
  readonly fd: number;
  readonly #kernel: Kernel;
  readonly #chunk = Buffer.alloc(65536);
  readonly #buffer = new LineBuffer();
  readonly #lines: string[] = [];

  constructor(kernel: Kernel, fd: number) {
    this.#kernel = kernel;
    this.fd = fd;
  }

  send(message: FromStage): void {
    let bytes: Uint8Array = Buffer.from(`${JSON.stringify(message)}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(this.#kernel.send(this.fd, bytes));
  }

  /**
   * Tells of a failure and waits until the manager has hung up. Ending at once could lose the
   * words: the manager may be writing to us, and a write to a closed socket makes its end forget
   * what it has not read yet. Never throws: an error that left a stage would go on in the fork
   * server's code, of which the stage is a copy.
   */
  fail(error: ErrorDetails): void {
    try {
      this.send({ type: 'error', error });
      while (this.#kernel.recv(this.fd, this.#chunk) > 0);
    } catch {
      // The manager has hung up already.
    }
  }

  /** Waits for a message of the expected type; leaves the process when the manager has gone. */
  expect<T extends ToStage['type']>(type: T): Extract<ToStage, { type: T }> {
    while (this.#lines.length === 0) {
      const length = this.#kernel.recv(this.fd, this.#chunk);
      if (length === 0) this.#kernel.exit(1);
      this.#lines.push(...this.#buffer.push(this.#chunk.subarray(0, length)));
    }
    const message = JSON.parse(this.#lines.shift()!) as ToStage;
    if (message.type !== type) throw new Error(`stage: ${message.type} came where ${type} was expected`);
    return message as Extract<ToStage, { type: T }>;
  }
}
