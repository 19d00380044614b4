import { closeSync, readSync, writeSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';
import { POLL } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { WindowSize } from '../kernel/structs.ts';
import { endOfFileCharacter } from './raw-mode.ts';

export interface PtyMasterOptions {
  /**
   * Called when no process has the slave open. While `alive` returns true (a getty is about to be
   * restarted), the stream waits for the next process that opens the slave; otherwise the stream
   * ends. Without `alive` the first hang-up ends the stream.
   */
  readonly alive?: (() => boolean) | undefined;
  /**
   * Keeps the slave open in this process, so that the pty does not hang up between two processes of
   * the container. Costs one descriptor and saves the polling.
   */
  readonly holdSlave?: boolean | undefined;
}

const CHUNK = 65536;
const NEWLINE = 10;
/** While no process has the slave open: first and longest pause between two looks, milliseconds. */
const RETRY = { first: 10, longest: 200 } as const;
/** When the pty is full: first and longest pause before the next write, milliseconds. */
const FULL = { first: 1, longest: 50 } as const;
/** Synchronous reads in a row before the event loop gets its turn. */
const READS_IN_A_ROW = 64;

const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/**
 * The master end of a pty as a stream. The stream owns its descriptor and closes it when destroyed.
 *
 * Reading uses libuv's tty handle and epoll, so that no thread waits in read(2). Writing does not:
 * on a master, libuv falls back to blocking writes, and a container that does not read its terminal
 * would stop the whole process. Writes are therefore non-blocking and, when the pty is full,
 * retried by a timer (Node cannot wait for POLLOUT on the handle).
 *
 * Linux answers EIO to a read of the master when the last slave is closed. The handle is unusable
 * after that, so each period with an open slave gets a handle of its own, on a copy of the
 * descriptor.
 */
export class PtyMaster extends Duplex {
  readonly fd: number;
  readonly #kernel: Kernel;
  readonly #options: PtyMasterOptions;
  readonly #buffer = Buffer.alloc(CHUNK);
  #state: 'idle' | 'streaming' | 'draining' | 'waiting' | 'ended' = 'idle';
  #reader: ReadStream | undefined;
  #slave = -1;
  #lineIsOpen = false;
  #waitTimer: NodeJS.Timeout | undefined;
  #writeTimer: NodeJS.Timeout | undefined;

  constructor(kernel: Kernel, fd: number, options: PtyMasterOptions = {}) {
    super({ allowHalfOpen: true, highWaterMark: CHUNK });
    this.fd = fd;
    this.#kernel = kernel;
    this.#options = options;
    kernel.setNonblocking(fd, true);
    if (options.holdSlave) this.#openSlave();
  }

  resize(size: WindowSize): void {
    // A terminal without a known size (a serial line) reports 0; the slave then keeps its size.
    if (size.rows > 0 && size.columns > 0) this.#kernel.setWindowSize(this.fd, size);
  }

  /**
   * Reads what the kernel holds at this moment, at most `limit` bytes, without the event loop: the
   * last output of a container that has ended. Must not be used on a paused stream.
   */
  readNow(limit: number): Buffer {
    const pieces: Buffer[] = [];
    for (let total = 0; total < limit && this.#state !== 'ended'; ) {
      let length = 0;
      try {
        length = readSync(this.fd, this.#buffer);
      } catch {
        // EAGAIN: the kernel holds nothing more. EIO: the slave is closed.
      }
      if (length === 0) break;
      pieces.push(Buffer.from(this.#buffer.subarray(0, length)));
      total += length;
    }
    return Buffer.concat(pieces);
  }

  override _read(): void {
    if (this.#state === 'idle') this.#stream();
    else if (this.#state === 'streaming') this.#reader?.resume();
    else if (this.#state === 'draining') this.#drain();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#lineIsOpen = chunk.at(-1) !== NEWLINE;
    this.#writeAll(chunk, FULL.first, done);
  }

  /** Passes the end of the input on to a reader of lines as its end-of-file character. */
  override _final(done: (error?: Error | null) => void): void {
    let eof: number | undefined;
    try {
      eof = endOfFileCharacter(this.#kernel.getTermios(this.fd));
    } catch {
      // Hung up: no process reads the slave.
    }
    if (eof === undefined) done();
    // Behind an unfinished line the first end-of-file character only completes the line; the second
    // one is the end of the file.
    else this.#writeAll(Buffer.from(this.#lineIsOpen ? [eof, eof] : [eof]), FULL.first, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#state = 'ended';
    clearTimeout(this.#waitTimer);
    clearTimeout(this.#writeTimer);
    this.#dropReader();
    this.#closeSlave();
    closeSync(this.fd);
    done(error);
  }

  /** Reads by the event loop until the slave hangs up. */
  #stream(): void {
    const copy = this.#kernel.dup(this.fd);
    let reader: ReadStream;
    try {
      // The reader's own buffer stays empty (highWaterMark 0 is a ReadStream's default); its
      // content would be lost at EIO.
      reader = new ReadStream(copy);
    } catch (error) {
      closeSync(copy);
      this.destroy(error as Error);
      return;
    }
    this.#state = 'streaming';
    this.#reader = reader;
    reader.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) reader.pause();
    });
    const over = () => {
      if (this.#reader !== reader) return;
      this.#dropReader();
      // libuv may report the end while the kernel still holds bytes.
      this.#state = 'draining';
      this.#drain();
    };
    reader.on('end', over);
    reader.on('error', over);
    reader.on('close', over);
  }

  /**
   * Reads the rest synchronously; afterwards it is known whether the slave is closed or was opened
   * again.
   */
  #drain(): void {
    for (let i = 0; i < READS_IN_A_ROW; i++) {
      let length: number;
      try {
        length = readSync(this.fd, this.#buffer);
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') this.#stream();
        else if (errnoOf(error) === 'EIO') this.#hungUp(RETRY.first);
        else this.destroy(error as Error);
        return;
      }
      if (length === 0) {
        this.#hungUp(RETRY.first);
        return;
      }
      // The stream's buffer is full: _read continues later.
      if (!this.push(Buffer.from(this.#buffer.subarray(0, length)))) return;
    }
    this.#stream();
  }

  #hungUp(pause: number): void {
    if (!this.#options.alive?.()) {
      this.#state = 'ended';
      this.push(null);
      return;
    }
    this.#state = 'waiting';
    this.#waitTimer = setTimeout(() => {
      this.#closeSlave();
      if (this.#options.holdSlave) this.#openSlave();
      const [event] = this.#kernel.poll([{ fd: this.fd, events: POLL.IN }], 0);
      const bits = event?.events ?? 0;
      if (bits & POLL.IN) {
        this.#state = 'draining';
        this.#drain();
      } else if (bits & POLL.HUP) this.#hungUp(Math.min(pause * 2, RETRY.longest));
      else this.#stream();
    }, pause);
  }

  #writeAll(bytes: Buffer, pause: number, done: (error?: Error | null) => void): void {
    let rest = bytes;
    let next = pause;
    while (rest.length > 0) {
      let written = 0;
      try {
        written = writeSync(this.fd, rest);
      } catch (error) {
        if (errnoOf(error) !== 'EAGAIN') {
          // EIO: no process reads the slave. The bytes are lost, as on an unplugged serial line.
          done(errnoOf(error) === 'EIO' ? null : (error as Error));
          return;
        }
      }
      if (written === 0) {
        const left = rest;
        this.#writeTimer = setTimeout(
          () => this.#writeAll(left, Math.min(next * 2, FULL.longest), done),
          next,
        );
        return;
      }
      next = FULL.first;
      rest = rest.subarray(written);
    }
    done();
  }

  #dropReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.destroy();
  }

  #openSlave(): void {
    try {
      this.#slave = this.#kernel.openPtyPeer(this.fd);
    } catch {
      // The devpts may be unmounted already; the stream then polls.
    }
  }

  #closeSlave(): void {
    if (this.#slave >= 0) closeSync(this.#slave);
    this.#slave = -1;
  }
}
