/**
 * The zygote of the pool: a synchronous process that has the whole program loaded, and forks
 * request processes. It keeps some idle, hands each request to one of them, and watches both sides:
 * a caller that goes ends its request, a request process that goes is told to its caller.
 */
import { closeSync, writeSync } from 'node:fs';
import { leaveAndRemoveMonitorCgroup, ownMonitorCgroup } from '../../cgroup/monitor-cgroup.ts';
import { O, POLL, SIG, SOCK } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { LineBuffer } from '../../util/line-buffer.ts';
import { announce, type Child, isOverdue, type Job, lastWords, newJob } from './job.ts';
import { type Meeting, SLOTS } from './meeting.ts';

/** How many idle request processes the zygote keeps. */
const IDLE = 2;
/**
 * How long the pool must be without an event before the zygote forks a second idle process,
 * milliseconds. The fork is then not in the middle of a command.
 */
const QUIET = 25;
/**
 * The pool gives up after so many request processes in a row have died before they were ready.
 * Commands then do without the pool.
 */
const TOO_MANY = 20;
/** A command that takes longer than this keeps the manager from leaving, milliseconds. */
const LONG = 1000;
/**
 * The interval at which the zygote frees the slots of dead callers and dismisses surplus idle
 * processes, milliseconds.
 */
const SWEEP = 10_000;

/** What a request process says on its line: */
export const SAID = {
  /** Acknowledges a signal. */
  heard: 1,
  /** The command is done; the caller is told now, and ends. */
  done: 2,
  /** The process waits for a request, its first or another. */
  ready: 3,
} as const;

/**
 * A request process's line to the zygote: requests come, each in one message of `SLOT PID WORDS`.
 */
export interface Line {
  readonly socket: number;
}

/** A caller's request for a command: its slot, its pid, and the words for the request process. */
interface Request {
  readonly slot: number;
  readonly pid: number;
  readonly words: string;
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
      // A signal is announced before the child acknowledges it, so the requests are read first.
      const hasRequests = events.some(({ fd }) => fd === this.#meeting.requests);
      const requests = hasRequests ? this.#readRequests() : [];
      for (const { fd } of events) {
        if (fd === this.#control.read) this.#close();
        else if (fd !== this.#meeting.requests) this.#hear(fd);
      }
      for (const request of requests) {
        const line = this.#dispatch(request);
        if (line) return line;
      }
      this.#killBlocked();
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
    fds.push(this.#meeting.requests);
    return fds.map((fd) => ({ fd, events: POLL.IN }));
  }

  #patience(wants: boolean): number {
    const now = performance.now();
    const deadlines = this.#jobs().flatMap(({ signal }) =>
      signal ? Math.max(0, Math.ceil(signal.deadline - now)) : [],
    );
    const least = Math.min(SWEEP, ...deadlines, wants ? QUIET : SWEEP, this.#fresh(now) ? LONG : SWEEP);
    // Asleep where there is nothing to look after.
    const isAtRest = this.#jobs().length === 0 && this.#idle().length <= IDLE;
    return least === SWEEP && isAtRest ? -1 : least;
  }

  /** Whether a command may become a long one. */
  #fresh = (now: number) => this.#jobs().some(({ since }) => now - since < LONG);

  /** Takes note of the signals that callers announce. @returns the requests to run a command */
  #readRequests(): Request[] {
    const length = this.#kernel.read(this.#meeting.requests, this.#chunk);
    if (length <= 0) return [];
    return this.#lines.push(this.#chunk.subarray(0, length)).flatMap((line) => {
      const [verb, ...rest] = line.split(' ');
      const slot = Number(rest[0]);
      if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) return [];
      if (verb === 'signal') this.#expectAcknowledgement(slot, rest[1] ?? '');
      return verb === 'run' ? [{ slot, pid: Number(rest[1]), words: rest.join(' ') }] : [];
    });
  }

  /** @returns a line in a request process that had to be made for the request */
  #dispatch({ slot, pid, words }: Request): Line | undefined {
    if (this.#jobs().some((job) => job.slot === slot)) return undefined;
    let child = this.#closed ? undefined : this.#idle()[0];
    if (!child && !this.#closed) {
      const mine = this.#fork();
      if (mine) return mine;
      child = this.#idle()[0];
    }
    try {
      if (!child) throw new Error('no request process');
      this.#kernel.sendNow(child.socket, Buffer.from(words));
    } catch {
      // The child has just died, or the manager has.
      this.#meeting.say(slot, 'no');
      this.#meeting.free(slot);
      return undefined;
    }
    let caller = -1;
    try {
      caller = this.#kernel.pidfdOpen(pid);
    } catch {
      // The caller has ended, which the child sees too.
    }
    child.job = newJob(this.#kernel, slot, caller);
    return undefined;
  }

  #expectAcknowledgement(slot: number, signal: string): void {
    for (const job of this.#jobs()) if (job.slot === slot) job.signal = announce(signal);
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
    if (word === SAID.heard && child.job) child.job.signal = undefined;
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
    job.signal = undefined;
  }

  /**
   * As when the process is killed that does a command. What it asked the manager for takes its
   * course.
   */
  #callerGone(child: Child, job: Job): void {
    this.#unwatch(job);
    this.#kernel.pidfdSignal(child.pidfd, SIG.KILL);
  }

  /** Kills each request process that is blocked and has not acknowledged its signal in time. */
  #killBlocked(): void {
    for (const { pid, pidfd, job } of this.#children.values())
      if (job?.signal && isOverdue(job.signal, pid)) {
        job.killedFor = job.signal.name;
        job.signal = undefined;
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
      // A ready child was killed or dismissed.
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
    this.#meeting.say(job.slot, lastWords(ended.status, job.killedFor));
    this.#settle(job);
  }

  #settle(job: Job): void {
    this.#unwatch(job);
    if (job.terminal) closeSync(job.terminal.fd);
    this.#meeting.free(job.slot);
  }

  /**
   * @returns undefined in the zygote, also where no process can be made now: a later round tries
   *   again
   */
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
      // The child closes only these: libuv's at-fork handler closes its own descriptors by number.
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
      // The manager has gone, which the other pipe tells.
    }
  }

  /** The manager has gone: commands at work come to their end, and none begins. */
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

  /** Kills an idle child, which has nothing to lose. */
  #dismiss(pid: number): void {
    this.#kernel.kill(pid, SIG.KILL);
  }
}

/** Collects the young objects, which each child would copy. */
function collectGarbage(): void {
  (globalThis as { gc?: (options: { type: 'minor' }) => void }).gc?.({ type: 'minor' });
}
