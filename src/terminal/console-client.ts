import type { Readable, Writable } from 'node:stream';

/** The streams of a client that is attached to a console: it gets all output and may type. */
export interface ConsoleClientStreams {
  readonly output: Writable;
  /** Undefined for a client that only watches. */
  readonly input?: Readable | undefined;
}

const note = (bytes: number) =>
  Buffer.from(`\r\n[tslxc: ${bytes} bytes of console output were dropped here]\r\n`);

/**
 * The output queue of one client. The client's stream is given more only when it asks for more, so
 * waiting bytes can be dropped: a client that stops reading costs at most `limit` bytes, and gets a
 * note in place of the output it missed.
 */
export class ConsoleClient {
  readonly #output: Writable;
  readonly #limit: number;
  #queue: Buffer[] = [];
  #queued = 0;
  #dropped = 0;
  #blocked = false;

  constructor(output: Writable, limit: number) {
    this.#output = output;
    this.#limit = limit;
    output.on('drain', this.#onDrain);
  }

  /** Bytes that wait here, not counting the stream's own buffer. */
  get backlog(): number {
    return this.#queued;
  }

  send(bytes: Buffer): void {
    if (!this.#blocked) {
      this.#blocked = !this.#output.write(bytes);
      return;
    }
    if (this.#queued + bytes.length > this.#limit) {
      this.#dropped += this.#queued;
      this.#queue = [];
      this.#queued = 0;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  /** Hands all waiting bytes over to the stream. Called once, when no more output follows. */
  flush(): void {
    this.#blocked = false;
    if (this.#dropped > 0) this.#output.write(note(this.#dropped));
    for (const bytes of this.#queue) this.#output.write(bytes);
    this.#dropped = 0;
    this.#queue = [];
    this.#queued = 0;
  }

  close(): void {
    this.#output.off('drain', this.#onDrain);
    this.#queue = [];
    this.#queued = 0;
  }

  #onDrain = () => {
    this.#blocked = false;
    if (this.#dropped > 0) {
      this.#queue.unshift(note(this.#dropped));
      this.#dropped = 0;
    }
    const queue = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    // Bytes that the stream refuses are queued again.
    for (const bytes of queue) this.send(bytes);
  };
}
