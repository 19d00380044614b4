import { closeSync, readSync, writeSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';
import { POLL } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { WindowSize } from '../kernel/structs.ts';
import { endOfFileCharacter } from './raw-mode.ts';

export interface PtyMasterOptions {
  /**
   * Asked when no process has the slave open any more. While it says true (a getty will be started
   * again) we wait for the next one that opens it; otherwise the stream ends. Nothing: the first
   * hang-up is the end.
   */
  readonly alive?: (() => boolean) | undefined;
  /**
   * Keep the slave open ourselves, so that it does not hang up between two processes of the
   * container. Takes one more descriptor and saves the polling.
   */
  readonly holdSlave?: boolean | undefined;
}

const CHUNK = 65536;
const NEWLINE = 10;
/**
 * While nobody has the slave open: milliseconds from the first to the longest pause between two
 * looks.
 */
const RETRY = { first: 10, longest: 200 } as const;
/** A full pty: the same for the next attempt to write. */
const FULL = { first: 1, longest: 50 } as const;
/** Reads in a row by hand before the event loop gets its turn. */
const READS_IN_A_ROW = 64;

const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/**
 * The master end of a pty as a stream. It owns the descriptor that it is given and closes it when
 * destroyed.
 *
 * Reading goes through libuv's tty handle, by epoll: no thread waits in read(2). Writing does not:
 * on a master, libuv falls back to blocking writes, and a container that does not read its terminal
 * would stop the whole process. So we write non-blocking and, when the pty is full, try again on a
 * timer (Node offers no way to wait for POLLOUT on it).
 *
 * Linux answers EIO to a read of the master when the last slave is closed. The handle can not be
 * used after that; each spell of an open slave gets its own, on a copy of the descriptor.
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
    // A terminal that does not know its size (a serial line) says 0; the slave then keeps its own.
    if (size.rows > 0 && size.columns > 0) this.#kernel.setWindowSize(this.fd, size);
  }

  /**
   * What the kernel holds for us at this moment, at most `limit` bytes, without waiting for the
   * event loop: the last words of a container that has ended. Not for a stream that somebody has
   * paused.
   */
  readNow(limit: number): Buffer {
    const pieces: Buffer[] = [];
    for (let total = 0; total < limit && this.#state !== 'ended'; ) {
      let length = 0;
      try {
        length = readSync(this.fd, this.#buffer);
      } catch {
        // EAGAIN: nothing more; EIO: nobody is there to say more.
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

  /**
   * The end of the input reaches a reader that waits for lines as its end-of-file character does.
   */
  override _final(done: (error?: Error | null) => void): void {
    let eof: number | undefined;
    try {
      eof = endOfFileCharacter(this.#kernel.getTermios(this.fd));
    } catch {
      // Hung up: there is no reader.
    }
    if (eof === undefined) done();
    // Behind an unfinished line the first one only completes the line; the second is the end of the
    // file.
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

  /** Reads through the event loop until the slave hangs up. */
  #stream(): void {
    const copy = this.#kernel.dup(this.fd);
    let reader: ReadStream;
    try {
      // Its own buffer stays empty (highWaterMark 0 is a ReadStream's default): it would be thrown
      // away at EIO.
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
      // libuv may report the end while the kernel still has bytes for us.
      this.#state = 'draining';
      this.#drain();
    };
    reader.on('end', over);
    reader.on('error', over);
    reader.on('close', over);
  }

  /**
   * Reads by hand what the slave left behind; then we know whether it is closed or was opened
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
      // Not enough room: _read calls again.
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
          // EIO: nobody is there to read it. As on a line that is unplugged, the bytes are gone.
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
      // Its devpts may be gone already; then we poll, as without it.
    }
  }

  #closeSlave(): void {
    if (this.#slave >= 0) closeSync(this.#slave);
    this.#slave = -1;
  }
}
