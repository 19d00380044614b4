/**
 * The zygote of the pool: a synchronous process that has the whole program loaded, and forks
 * request processes. It keeps some idle, hands each request to one of them, and watches both sides:
 * a caller that goes ends its request, a request process that goes is told to its caller.
 */
import { closeSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { leaveAndRemoveMonitorCgroup, ownMonitorCgroup } from '../../cgroup/monitor-cgroup.ts';
import { O, POLL, SIG, SOCK } from '../../kernel/constants.ts';
import type { ExitStatus, Kernel } from '../../kernel/kernel.ts';
import { LineBuffer } from '../../util/line-buffer.ts';
import { isTerminal } from '../run/io.ts';
import { type Meeting, SLOTS } from './meeting.ts';

/** So many request processes wait. */
const IDLE = 2;
/**
 * How long after the last event another one is forked where one is left, milliseconds: not in the
 * middle of a command.
 */
const QUIET = 25;
/**
 * How long a request process may take to hear a signal, milliseconds: one that is blocked never
 * does.
 */
const DEAF = 250;
/**
 * When so many request processes have died without a request the pool gives up, and commands do
 * without.
 */
const TOO_MANY = 20;
/** A command that takes longer than this keeps the manager from leaving, milliseconds. */
const LONG = 1000;
/**
 * How often it is looked for slots that were taken by nobody and for too many idle processes,
 * milliseconds.
 */
const SWEEP = 10_000;

/** What a request process says on its line: */
export const SAID = {
  /** It has heard a signal. */
  heard: 1,
  /** The command is done; the caller is told now, and goes. */
  done: 2,
  /** It waits for a request, the first or another one. */
  ready: 3,
} as const;

/**
 * A request process's line to the zygote: requests come, each in one message of `SLOT PID WORDS`.
 */
export interface Line {
  readonly socket: number;
}

interface Child {
  readonly pid: number;
  readonly pidfd: number;
  readonly socket: number;
  hasHungUp: boolean;
  /** Undefined: it is being made, and takes a request when it is. */
  readySince: number | undefined;
  job: Job | undefined;
}

/** A request that a child is at. */
interface Job {
  readonly slot: number;
  readonly since: number;
  /** Pidfd of the caller; -1: not watched (any more). */
  caller: number;
  /** When the child is killed if it has not heard the signal by then. */
  deadline: number;
  /** What it was to be told when it is killed for being deaf. */
  signal: string | undefined;
  /** When it last heard one. */
  heardAt: number;
  /** The caller's terminal, to be restored if the child is killed. */
  readonly terminal: { readonly fd: number; readonly settings: Buffer } | undefined;
}

export class Zygote {
  readonly #kernel: Kernel;
  readonly #meeting: Meeting;
  /** Its end says that the manager has gone; whether requests are at work is told on it. */
  readonly #control: { readonly read: number; readonly write: number };
  readonly #children = new Map<number, Child>();
  readonly #lines = new LineBuffer();
  readonly #chunk = Buffer.alloc(4096);
  #closed = false;
  #busy = false;
  #lastSweep = 0;
  /** Request processes that have died before they were ready, one after the other. */
  #failures = 0;

  constructor(kernel: Kernel, meeting: Meeting, control: { readonly read: number; readonly write: number }) {
    this.#kernel = kernel;
    this.#meeting = meeting;
    this.#control = control;
  }

  /** Returns in each request process, with its line; in the zygote, never. */
  run(): Line {
    for (;;) {
      const idle = this.#idle();
      const wants = !this.#closed && idle.length < IDLE;
      if (wants && idle.length === 0) {
        const line = this.#fork();
        if (line) return line;
      }
      const events = this.#kernel.poll(this.#interests(), this.#patience(wants));
      if (events.length === 0 && wants) {
        const line = this.#fork();
        if (line) return line;
      }
      for (const { fd } of events) {
        if (fd === this.#control.read) this.#close();
        else if (fd !== this.#meeting.requests) this.#hear(fd);
        else {
          const line = this.#serve();
          if (line) return line;
        }
      }
      this.#killDeaf();
      this.#sweep();
      this.#tellBusy();
      if (this.#closed && this.#jobs().length === 0) this.#leave();
    }
  }

  /** The one that has been at work last is the first. */
  #idle = () =>
    [...this.#children.values()]
      .filter(({ job }) => !job)
      .sort((one, other) => (other.readySince ?? 0) - (one.readySince ?? 0));
  #jobs = () => [...this.#children.values()].flatMap(({ job }) => job ?? []);

  #interests(): { fd: number; events: number }[] {
    const fds = this.#closed ? [] : [this.#control.read];
    for (const { pidfd, socket, hasHungUp, job } of this.#children.values()) {
      fds.push(pidfd);
      if (!hasHungUp) fds.push(socket);
      if (job && job.caller >= 0) fds.push(job.caller);
    }
    // The last one, since it makes descriptors, which may have the number of one that has gone.
    fds.push(this.#meeting.requests);
    return fds.map((fd) => ({ fd, events: POLL.IN }));
  }

  #patience(wants: boolean): number {
    const now = performance.now();
    const deadlines = this.#jobs().map(({ deadline }) => Math.max(0, Math.ceil(deadline - now)));
    const least = Math.min(SWEEP, ...deadlines, wants ? QUIET : SWEEP, this.#fresh(now) ? LONG : SWEEP);
    // Asleep where there is nothing to look after.
    const isAtRest = this.#jobs().length === 0 && this.#idle().length <= IDLE;
    return least === SWEEP && isAtRest ? -1 : least;
  }

  /** Whether a command may become a long one. */
  #fresh = (now: number) => this.#jobs().some(({ since }) => now - since < LONG);

  /** Requests that have come. @returns a line in a request process that had to be made for one */
  #serve(): Line | undefined {
    const length = this.#kernel.read(this.#meeting.requests, this.#chunk);
    if (length <= 0) return undefined;
    for (const line of this.#lines.push(this.#chunk.subarray(0, length))) {
      const [verb, ...rest] = line.split(' ');
      const slot = Number(rest[0]);
      if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) continue;
      if (verb === 'signal') this.#expectToHear(slot, rest[1] ?? '');
      else if (verb === 'run') {
        const mine = this.#dispatch(slot, rest.join(' '), Number(rest[1]));
        if (mine) return mine;
      }
    }
    return undefined;
  }

  #dispatch(slot: number, request: string, pid: number): Line | undefined {
    if (this.#jobs().some((job) => job.slot === slot)) return undefined;
    let child = this.#closed ? undefined : this.#idle()[0];
    if (!child && !this.#closed) {
      const mine = this.#fork();
      if (mine) return mine;
      child = this.#idle()[0];
    }
    try {
      if (!child) throw new Error('no request process');
      this.#kernel.sendNow(child.socket, Buffer.from(request));
    } catch {
      // It has died a moment ago, or the manager has.
      this.#meeting.say(slot, 'no');
      this.#meeting.free(slot);
      return undefined;
    }
    let caller = -1;
    try {
      caller = this.#kernel.pidfdOpen(pid);
    } catch {
      // It has ended, which the child sees too.
    }
    child.job = {
      slot,
      since: performance.now(),
      caller,
      deadline: Number.POSITIVE_INFINITY,
      signal: undefined,
      heardAt: Number.NEGATIVE_INFINITY,
      terminal: caller < 0 ? undefined : this.#terminalOf(caller),
    };
    return undefined;
  }

  /** The caller's terminal and how it is set, if it has one for its input. */
  #terminalOf(caller: number): Job['terminal'] {
    let fd = -1;
    try {
      fd = this.#kernel.pidfdGetfd(caller, CALLER_INPUT);
      if (isTerminal(fd)) return { fd, settings: this.#kernel.getTermios(fd) };
    } catch {}
    if (fd >= 0) closeSync(fd);
    return undefined;
  }

  #expectToHear(slot: number, signal: string): void {
    for (const job of this.#jobs())
      if (job.slot === slot) {
        job.signal = signal;
        // The caller sends the signal first: it may have been heard before this is.
        const now = performance.now();
        if (now - job.heardAt > DEAF) job.deadline = now + DEAF;
      }
  }

  /** Something on a descriptor of a child's or of a caller's. */
  #hear(fd: number): void {
    for (const child of this.#children.values())
      if (fd === child.pidfd) this.#ended(child);
      else if (fd === child.socket) this.#listen(child);
      else if (child.job && fd === child.job.caller) this.#callerGone(child, child.job);
  }

  #listen(child: Child): void {
    let length = 0;
    try {
      length = this.#kernel.read(child.socket, this.#chunk);
    } catch {}
    // Its end comes with that of the process.
    if (length === 0) child.hasHungUp = true;
    const word = length > 0 ? this.#chunk[0] : undefined;
    if (word === SAID.heard && child.job) {
      child.job.heardAt = performance.now();
      child.job.deadline = Number.POSITIVE_INFINITY;
    }
    if (word === SAID.done && child.job) this.#unwatch(child.job);
    if (word === SAID.ready) {
      // A request that was given to it while it was being made is still before it.
      const isOver = child.readySince !== undefined;
      child.readySince = performance.now();
      this.#failures = 0;
      if (!child.job || !isOver) return;
      this.#settle(child.job);
      child.job = undefined;
    }
  }

  #unwatch(job: Job): void {
    if (job.caller >= 0) closeSync(job.caller);
    job.caller = -1;
    job.deadline = Number.POSITIVE_INFINITY;
  }

  /**
   * As when the process is killed that does a command. What it asked the manager for takes its
   * course.
   */
  #callerGone(child: Child, job: Job): void {
    this.#unwatch(job);
    this.#kernel.pidfdSignal(child.pidfd, SIG.KILL);
  }

  #killDeaf(): void {
    const now = performance.now();
    for (const { pidfd, job } of this.#children.values())
      if (job && job.deadline <= now) {
        job.deadline = Number.POSITIVE_INFINITY;
        this.#kernel.pidfdSignal(pidfd, SIG.KILL);
      }
  }

  #ended(child: Child): void {
    const ended = this.#kernel.wait(child.pid, false);
    if (!ended) return;
    this.#children.delete(child.pid);
    closeSync(child.pidfd);
    closeSync(child.socket);
    const { job } = child;
    if (!job) {
      // One that was ready has been killed, or dismissed.
      if (child.readySince !== undefined) return;
      if (!this.#closed && ++this.#failures > TOO_MANY)
        throw new Error('request processes die before they are ready');
      return;
    }
    this.#failures = 0;
    if (job.terminal && ended.status.signal !== null) {
      try {
        this.#kernel.setTermios(job.terminal.fd, job.terminal.settings);
      } catch {
        // Its window was closed.
      }
    }
    // Most have told it by themselves, and the caller has gone.
    this.#meeting.say(job.slot, words(ended.status, job.signal));
    this.#settle(job);
  }

  #settle(job: Job): void {
    this.#unwatch(job);
    if (job.terminal) closeSync(job.terminal.fd);
    this.#meeting.free(job.slot);
  }

  /** @returns undefined in the zygote, also where no process can be made now: a later round tries again */
  #fork(): Line | undefined {
    try {
      return this.#forkChild();
    } catch (error) {
      if (++this.#failures > TOO_MANY) throw error;
      process.stderr.write(`tslxc-pool: ${(error as Error).message}\n`);
      return undefined;
    }
  }

  #forkChild(): Line | undefined {
    collectGarbage();
    const [ours, theirs] = this.#kernel.socketpair(SOCK.SEQPACKET | O.CLOEXEC);
    const pid = this.#kernel.fork();
    if (pid === 0) {
      // One by one: libuv's own descriptors have to stay, its at-fork handler closes them by
      // number.
      const { read, write } = this.#control;
      const others = [...this.#children.values()].flatMap(({ pidfd, socket, job }) => [
        pidfd,
        socket,
        ...(job && job.caller >= 0 ? [job.caller] : []),
        ...(job?.terminal ? [job.terminal.fd] : []),
      ]);
      for (const fd of [ours, read, write, ...this.#meeting.descriptors(), ...others]) this.#kernel.close(fd);
      return { socket: theirs };
    }
    this.#kernel.close(theirs);
    this.#kernel.setNonblocking(ours, true);
    const pidfd = this.#kernel.pidfdOpen(pid);
    this.#children.set(pid, {
      pid,
      pidfd,
      socket: ours,
      hasHungUp: false,
      readySince: undefined,
      job: undefined,
    });
    return undefined;
  }

  #sweep(): void {
    const now = performance.now();
    if (this.#closed || now - this.#lastSweep < SWEEP) return;
    this.#lastSweep = now;
    for (const { pid, readySince } of this.#idle().slice(IDLE))
      if (readySince !== undefined && now - readySince > SWEEP) this.#dismiss(pid);
    const busy = new Set(this.#jobs().map(({ slot }) => slot));
    this.#meeting.sweep((slot) => busy.has(slot));
  }

  /**
   * The manager does not leave while a command takes its time; it is not woken for each of the
   * others.
   */
  #tellBusy(): void {
    const long = performance.now() - LONG;
    const busy = this.#jobs().some(({ since }) => since <= long);
    if (busy === this.#busy || this.#closed) return;
    this.#busy = busy;
    try {
      writeSync(this.#control.write, busy ? 'busy\n' : 'idle\n');
    } catch {
      // It has gone, which the other pipe says.
    }
  }

  /** The manager has gone: what is at work comes to its end, and nothing is begun. */
  #close(): void {
    this.#closed = true;
    this.#meeting.close();
    for (const { pid } of this.#idle()) this.#dismiss(pid);
  }

  /** The manager may have left before the last command was done. */
  #leave(): never {
    leaveAndRemoveMonitorCgroup(ownMonitorCgroup());
    return this.#kernel.exit(0);
  }

  /** It does nothing. */
  #dismiss(pid: number): void {
    this.#kernel.kill(pid, SIG.KILL);
  }
}

/** Where bin/tslxc has its standard input. */
const CALLER_INPUT = 6;

const NAMES = Object.fromEntries(Object.entries(constants.signals).map(([name, number]) => [number, name]));
/** By these a command ends by itself, where it does not listen to them. */
const ORDINARY: readonly string[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGPIPE',
];

/**
 * What a caller is told of the end of a process. @param asked the signal that it was killed for
 * being deaf to
 */
function words({ code, signal }: ExitStatus, asked: string | undefined): string {
  if (signal === null) return `exit ${code}`;
  const name = NAMES[signal] ?? '';
  if (ORDINARY.includes(name)) return `signal ${name}`;
  return signal === SIG.KILL && asked ? `signal ${asked}` : 'died';
}

/** Of the young objects: a child would copy them. */
function collectGarbage(): void {
  (globalThis as { gc?: (options: { type: 'minor' }) => void }).gc?.({ type: 'minor' });
}
