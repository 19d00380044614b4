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
  /** Descriptor of the console's master. The hub owns and closes it. */
  readonly master: number;
  readonly log?: ConsoleLog | undefined;
  readonly ring?: RingBuffer | undefined;
  /** Called with all output of the console. */
  readonly onOutput?: ((bytes: Buffer) => void) | undefined;
  /** Bytes that one client may have waiting before output is dropped. */
  readonly backlog?: number | undefined;
  /**
   * Called when reading the master failed for good; clients have been detached. A closed slave is
   * no such failure.
   */
  readonly onError?: ((error: TslxcError) => void) | undefined;
}

export interface ConsoleAttachment {
  /** Detaches the client; its streams stay open. May be called more than once. */
  detach(): void;
  /** Settles when the client is detached or the hub is closed. */
  readonly ended: Promise<void>;
}

const BACKLOG = 1 << 20;
const ignore = () => {};

/**
 * A container's console in the manager. The hub reads the master all the time, with or without
 * clients: a container must never wait for a reader of its boot messages. Output goes to the log,
 * to the ring and to any number of clients; no client can hold up another client or the reading.
 */
export class ConsoleHub {
  readonly #master: PtyMaster;
  readonly #options: ConsoleHubOptions;
  readonly #clients = new Map<ConsoleClient, () => void>();
  /** Inputs that are paused until the container reads its console. */
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
   * Adds a client. With `replay` the client first gets the content of the ring, so that a console
   * that waits at its prompt does not look dead.
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
      // A write under way may still fail after the hub has stopped listening.
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

  /** Sets the console's window size. A console has one size: that of the client that typed last. */
  resize(size: WindowSize): void {
    if (!this.#closed) this.#master.resize(size);
  }

  /**
   * Passes on the container's last output, detaches all clients and closes the master. Output that
   * a client has not read yet is in its stream: callers end that stream and do not destroy it. The
   * log and the ring belong to the caller.
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
