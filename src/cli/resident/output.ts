/** Writing to a caller's standard output without ever waiting for whoever reads it. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { O } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { isTerminal } from '../run/io.ts';

/** Between two tries at an output that takes nothing, milliseconds. */
const PAUSE = 5;

export class Output {
  readonly fd: number;
  readonly isTTY: boolean;
  readonly #write: (bytes: Uint8Array) => number;
  #pending: Uint8Array[] = [];
  #closed = false;
  #emptied: Promise<void> = Promise.resolve();
  /** Nobody reads any more. */
  onBroken: () => void = () => {};

  /** `fd` is this object's from now on; where it can not be written in this way it is closed, and this throws. */
  constructor(kernel: Kernel, fd: number) {
    this.isTTY = isTerminal(fd);
    const kind = fstatSync(fd);
    if (kind.isFIFO() || this.isTTY) {
      // The flag belongs to the open file, which the caller shares: so a file of our own.
      try {
        this.fd = openSync(`/proc/self/fd/${fd}`, O.WRONLY | O.NONBLOCK | O.NOCTTY | O.CLOEXEC);
      } finally {
        closeSync(fd);
      }
    } else this.fd = fd;
    this.#write = kind.isSocket()
      ? (bytes) => kernel.sendNow(this.fd, bytes)
      : (bytes) => writeSync(this.fd, bytes);
  }

  /** Throws what a program that writes by itself would meet: a disk that is full. */
  write(bytes: Uint8Array): void {
    // A command whose caller has gone may still be at work, and the descriptor's number may be another file's by now.
    if (this.#closed) return;
    const rest = this.#pending.length > 0 ? bytes : this.#attempt(bytes);
    if (rest.length === 0) return;
    this.#pending.push(rest);
    if (this.#pending.length === 1) this.#emptied = this.#drain();
  }

  /** Settles when all has been written. */
  flushed(): Promise<void> {
    return this.#emptied;
  }

  close(): void {
    this.#closed = true;
    this.#pending = [];
    closeSync(this.fd);
  }

  /** @returns what there is no room for now */
  #attempt(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(this.#write(rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return rest;
      // A terminal that was hung up.
      if (code !== 'EPIPE' && code !== 'ECONNRESET' && code !== 'EIO') throw error;
      this.onBroken();
    }
    return rest.subarray(rest.length);
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      await delay(PAUSE);
      if (this.#closed) return;
      try {
        const rest = this.#attempt(this.#pending[0]!);
        if (rest.length === 0) this.#pending.shift();
        else this.#pending[0] = rest;
      } catch {
        // The command does not wait for this, and can not be told.
        return this.onBroken();
      }
    }
  }
}
