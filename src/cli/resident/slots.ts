/**
 * Where callers and the resident process meet: a directory below the run directory (0700) with a pipe for requests and
 * some slots. A slot is a pipe, on which one caller hears of its command, and a file `N.lock` that this caller makes
 * (`set -C`: two can not make it). The pipe's only writer is this process; so its end is the caller's news of our death,
 * and that is why callers can not bring pipes of their own.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { AT, O, S_IFIFO } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/** As many commands at a time; whoever finds no slot does its command by itself. bin/tslxc counts them too. */
export const SLOTS = 16;

/** A caller that has taken a slot asks at once; one that has not after so many milliseconds may be dead. */
const MOMENT = 2000;

export class Slots {
  /** Read end of the requests. */
  readonly requests: number;
  readonly #kernel: Kernel;
  readonly #directory: string;
  readonly #pipes: number[] = [];

  constructor(kernel: Kernel, directory: string) {
    this.#kernel = kernel;
    this.#directory = directory;
    // An earlier one's, if it was killed. Whoever is in the middle of opening it finds an end, and goes its own way.
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { mode: 0o700 });
    for (let slot = 0; slot < SLOTS; slot++) this.#pipes[slot] = this.#makePipe(String(slot));
    // Last: callers look for it first.
    this.requests = this.#makePipe('requests');
  }

  #makePipe(name: string): number {
    const path = join(this.#directory, name);
    rmSync(path, { force: true });
    this.#kernel.mknodat(AT.FDCWD, path, S_IFIFO | 0o600, 0);
    return openSync(path, O.RDWR | O.NONBLOCK | O.CLOEXEC);
  }

  /** Which pipe callers in the slot have to hold. */
  pipe(slot: number): { readonly dev: number; readonly ino: number } {
    return fstatSync(this.#pipes[slot]!);
  }

  /** Tells the caller in the slot something. */
  say(slot: number, line: string): void {
    writeSync(this.#pipes[slot]!, `${line}\n`);
  }

  /** The caller has been told all. It may not have read it yet, so that the next one gets another pipe. */
  free(slot: number): void {
    closeSync(this.#pipes[slot]!);
    this.#pipes[slot] = this.#makePipe(String(slot));
    rmSync(this.#lockFile(slot), { force: true });
  }

  /** A process asked that does not hold the slot's pipe: if it is the one that took the slot it has died. */
  disown(slot: number, pid: number): void {
    const file = this.#lockFile(slot);
    if (existsSync(file) && readFileSync(file, 'latin1').trim() === String(pid)) this.free(slot);
  }

  /** Frees slots whose caller was killed before it asked for anything. `busy`: those that are in use. */
  sweep(busy: (slot: number) => boolean): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      const since = busy(slot)
        ? undefined
        : statSync(this.#lockFile(slot), { throwIfNoEntry: false })?.mtimeMs;
      if (since === undefined || Date.now() - since < MOMENT) continue;
      const pid = readFileSync(this.#lockFile(slot), 'latin1').trim();
      if (!pid || !existsSync(`/proc/${pid}`)) this.free(slot);
    }
  }

  #lockFile(slot: number): string {
    return join(this.#directory, `${slot}.lock`);
  }

  /** Nobody is to ask any more. The directory may be a successor's by now. */
  close(): void {
    const ours = fstatSync(this.requests).ino;
    const there = statSync(join(this.#directory, 'requests'), { throwIfNoEntry: false })?.ino;
    if (ours === there) rmSync(this.#directory, { recursive: true, force: true });
  }
}
