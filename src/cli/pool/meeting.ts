/**
 * Where callers (bin/tslxc) and the pool meet: a directory below the run directory (0700) with a
 * pipe for requests and some slots. A slot is a pipe on which one caller hears of its command, and
 * a file `N.lock` that the caller makes (`set -C`: two cannot make it). Only the pool and the
 * request process hold the pipe open for writing, so that its end tells the caller of their death.
 * Each pool has a directory of its own; the file `pool-BUILD` names the current one.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { AT, O, S_IFIFO } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/**
 * As many commands at a time; a caller that finds no slot does its command by itself. bin/tslxc
 * counts them too.
 */
export const SLOTS = 32;

/**
 * A caller that has taken a slot asks at once; one that has not after so many milliseconds may be
 * dead.
 */
const MOMENT = 2000;

export class Meeting {
  /** Read end of the requests, non-blocking. */
  readonly requests: number;
  readonly path: string;
  readonly #kernel: Kernel;
  /** Names the directory for callers. */
  readonly #sign: string;
  readonly #pipes: number[] = [];
  #closed = false;

  /** @param pid the pool's @param build its callers must be of the same build */
  constructor(kernel: Kernel, rundir: string, build: string, pid: number) {
    this.#kernel = kernel;
    const name = `pool-${build}.${pid}`;
    this.path = join(rundir, name);
    this.#sign = join(rundir, `pool-${build}`);
    removeDeserted(rundir);
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.path, { mode: 0o700 });
    for (let slot = 0; slot < SLOTS; slot++) this.#pipes[slot] = this.#makePipe(String(slot));
    this.requests = this.#makePipe('requests');
    const draft = `${this.#sign}.new`;
    writeFileSync(draft, `${name}\n`, { mode: 0o600 });
    renameSync(draft, this.#sign);
  }

  #makePipe(name: string): number {
    const path = join(this.path, name);
    this.#kernel.mknodat(AT.FDCWD, path, S_IFIFO | 0o600, 0);
    return openSync(path, O.RDWR | O.NONBLOCK | O.CLOEXEC);
  }

  /** This process's descriptors. */
  descriptors(): number[] {
    return [this.requests, ...this.#pipes];
  }

  /** Tells the caller in the slot something. */
  say(slot: number, line: string): void {
    writeSync(this.#pipes[slot]!, `${line}\n`);
  }

  /**
   * The caller has been told all. It may not have read it yet, so that the next one gets another
   * pipe.
   */
  free(slot: number): void {
    if (this.#closed) return;
    closeSync(this.#pipes[slot]!);
    unlinkSync(join(this.path, String(slot)));
    this.#pipes[slot] = this.#makePipe(String(slot));
    rmSync(this.#lockFile(slot), { force: true });
  }

  /**
   * Frees slots whose caller was killed before it asked for anything. `busy`: those that are in
   * use.
   */
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
    return join(this.path, `${slot}.lock`);
  }

  /** No caller finds this pool from here on; the sign may be a successor's by now. */
  close(): void {
    this.#closed = true;
    const named = existsSync(this.#sign) ? readFileSync(this.#sign, 'latin1').trim() : '';
    if (this.path.endsWith(`/${named}`)) rmSync(this.#sign, { force: true });
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A request process's end of the pipe of a slot. */
export function openSlot(meeting: string, slot: number): number {
  return openSync(join(meeting, String(slot)), O.WRONLY | O.NONBLOCK | O.CLOEXEC);
}

/** Directories of pools that were killed. */
function removeDeserted(rundir: string): void {
  for (const name of readdirSync(rundir)) {
    const [, pid] = /^pool-[^.]+\.(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(rundir, name), { recursive: true, force: true });
  }
}

/**
 * Whether a process holds the pipe: a number can be another process's, from another pid namespace
 * or after its owner's death.
 */
export function holdsPipe(pid: number, pipe: number): boolean {
  try {
    const [there, here] = [statSync(`/proc/${pid}/fd/${CALLER_PIPE}`), fstatSync(pipe)];
    return there.dev === here.dev && there.ino === here.ino;
  } catch {
    return false;
  }
}

/** Where bin/tslxc has the pipe of its slot open. */
const CALLER_PIPE = 4;
