import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { TslxcError } from '../errors/tslxc-error.ts';
import { toTslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { WindowSize } from '../kernel/structs.ts';
import { ConsoleClient, type ConsoleClientStreams } from './console-client.ts';
import type { ConsoleLog } from './console-log.ts';
import { PtyMaster } from './pty-master.ts';
import type { RingBuffer } from './ring-buffer.ts';

export interface ConsoleHubOptions {
  readonly kernel: Kernel;
  /** The console's master; the hub owns this descriptor and closes it. */
  readonly master: number;
  readonly log?: ConsoleLog | undefined;
  readonly ring?: RingBuffer | undefined;
  /** Gets all that the console prints. */
  readonly onOutput?: ((bytes: Buffer) => void) | undefined;
  /** What one client may have waiting before it is dropped. */
  readonly backlog?: number | undefined;
  /**
   * Reading the master failed for good; clients have been let go. Never because the slave was
   * closed.
   */
  readonly onError?: ((error: TslxcError) => void) | undefined;
}

export interface ConsoleAttachment {
  /** Lets the client go; its streams stay open. Any number of times. */
  detach(): void;
  /** Settles when the client has gone or the hub was closed. */
  readonly ended: Promise<void>;
}

const BACKLOG = 1 << 20;
const ignore = () => {};

/**
 * A container's console in the manager. Its master is read all the time, whether or not anybody
 * looks on: a container must never wait for a reader of its boot messages. What it prints goes to
 * the log, to the ring and to any number of clients; none of them can hold up another, nor the
 * reading.
 */
export class ConsoleHub {
  readonly #master: PtyMaster;
  readonly #options: ConsoleHubOptions;
  readonly #clients = new Map<ConsoleClient, () => void>();
  /** Inputs that wait until the container reads its console. */
  readonly #waiting = new Set<Readable>();
  #closed = false;

  constructor(options: ConsoleHubOptions) {
    this.#options = options;
    this.#master = new PtyMaster(options.kernel, options.master, {
      alive: () => !this.#closed,
      holdSlave: true,
    });
    this.#master.on('data', (chunk: Buffer) => this.#spread(chunk));
    this.#master.on('drain', () => {
      for (const input of this.#waiting) input.resume();
      this.#waiting.clear();
    });
    this.#master.on('error', (error) => {
      this.close();
      options.onError?.(toTslxcError(error, 'INTERNAL', { message: 'console' }));
    });
  }

  get clients(): number {
    return this.#clients.size;
  }

  /**
   * Adds a client. `replay` sends it first what the ring holds, so that a console that waits at its
   * prompt does not look dead.
   */
  attach({ output, input }: ConsoleClientStreams, { replay = false } = {}): ConsoleAttachment {
    if (this.#closed) return { detach: ignore, ended: Promise.resolve() };
    let resolve = ignore;
    const ended = new Promise<void>((settle) => {
      resolve = settle;
    });
    const client = new ConsoleClient(output, this.#options.backlog ?? BACKLOG);
    const undo: (() => void)[] = [];
    const on = (emitter: EventEmitter, event: string, listener: (...args: never[]) => void) => {
      emitter.on(event, listener as () => void);
      undo.push(() => emitter.off(event, listener as () => void));
    };
    const detach = () => {
      if (!this.#clients.delete(client)) return;
      client.close();
      for (const step of undo) step();
      if (input) this.#waiting.delete(input);
      // The write that is under way may fail after we have stopped to listen.
      if (!output.listeners('error').includes(ignore)) output.on('error', ignore);
      resolve();
    };
    this.#clients.set(client, detach);

    on(output, 'error', detach);
    on(output, 'close', detach);
    if (input) {
      on(input, 'error', detach);
      on(input, 'data', (chunk: Buffer) => {
        if (this.#master.write(chunk)) return;
        input.pause();
        this.#waiting.add(input);
      });
      input.resume();
    }
    if (replay && this.#options.ring?.length) client.send(this.#options.ring.read());
    return { detach, ended };
  }

  /** The window of the client that had the last word; a console has only one size. */
  resize(size: WindowSize): void {
    if (!this.#closed) this.#master.resize(size);
  }

  /**
   * Passes on what the container said last, lets all clients go and closes the master. What a
   * client has not read yet is in its stream: end that, rather than destroy it. The log and the
   * ring belong to the caller.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const last = this.#master.readNow(BACKLOG);
    if (last.length > 0) this.#spread(last);
    for (const client of this.#clients.keys()) client.flush();
    for (const detach of [...this.#clients.values()]) detach();
    this.#master.destroy();
  }

  #spread(chunk: Buffer): void {
    this.#options.log?.append(chunk);
    this.#options.ring?.append(chunk);
    this.#options.onOutput?.(chunk);
    for (const client of this.#clients.keys()) client.send(chunk);
  }
}
