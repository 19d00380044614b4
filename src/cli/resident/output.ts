/** Writing to a caller's standard output without ever waiting for whoever reads it. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { O } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { isTerminal } from '../io.ts';

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

  /** `fd` is this object's from now on. Throws where it can not be written in this way. */
  constructor(kernel: Kernel, fd: number) {
    this.fd = fd;
    const kind = fstatSync(fd);
    this.isTTY = isTerminal(fd);
    if (kind.isSocket()) this.#write = (bytes) => kernel.sendNow(fd, bytes);
    else if (kind.isFIFO() || this.isTTY) {
      // The flag belongs to the open file, which the caller shares: so a file of our own.
      this.fd = openSync(`/proc/self/fd/${fd}`, O.WRONLY | O.NONBLOCK | O.NOCTTY | O.CLOEXEC);
      closeSync(fd);
      this.#write = (bytes) => writeSync(this.fd, bytes);
    } else this.#write = (bytes) => writeSync(fd, bytes);
  }

  write(text: string): void {
    // A command whose caller has gone may still be at work, and the descriptor's number may be another file's by now.
    if (this.#closed) return;
    const bytes = Buffer.from(text);
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
      if (code === 'EPIPE' || code === 'ECONNRESET') this.onBroken();
      // As for any program whose output is closed or whose disk is full: the rest is lost.
    }
    return rest.subarray(rest.length);
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      await delay(PAUSE);
      if (this.#closed) return;
      const rest = this.#attempt(this.#pending[0]!);
      if (rest.length === 0) this.#pending.shift();
      else this.#pending[0] = rest;
    }
  }
}
