/**
 * A request process as the zygote knows it, its job, the signals that it must acknowledge, and the
 * words by which a caller hears of its end.
 */
import { closeSync, readFileSync } from 'node:fs';
import { signalName } from '../../container/state/signals.ts';
import { SIG } from '../../kernel/constants.ts';
import type { ExitStatus, Kernel } from '../../kernel/kernel.ts';
import { isTerminal } from '../run/io.ts';

/**
 * How long a request process may take to acknowledge a signal, milliseconds. A blocked process
 * never does.
 */
const PATIENCE = 250;
/** The same for a process that works or waits for a processor, milliseconds. */
const LONGEST_PATIENCE = 5000;

export interface Child {
  readonly pid: number;
  readonly pidfd: number;
  readonly socket: number;
  hasHungUp: boolean;
  /** Undefined until the process is made. A request may be given to it before that. */
  readySince: number | undefined;
  job: Job | undefined;
}

/** The request that a child works at. */
export interface Job {
  readonly slot: number;
  readonly since: number;
  /** Pidfd of the caller; -1 when it is not watched. */
  caller: number;
  /** The signal that the child has not acknowledged yet. */
  signal: Announced | undefined;
  /** The name of the signal for which the zygote killed the blocked child. */
  killedFor: string | undefined;
  /** The caller's terminal, which the zygote restores when the child is killed. */
  readonly terminal: { readonly fd: number; readonly settings: Buffer } | undefined;
}

/** A signal that a caller has announced. Times are milliseconds of performance.now(). */
export interface Announced {
  readonly name: string;
  readonly since: number;
  deadline: number;
}

/** @param caller pidfd of the caller, or -1 */
export function newJob(kernel: Kernel, slot: number, caller: number): Job {
  return {
    slot,
    since: performance.now(),
    caller,
    signal: undefined,
    killedFor: undefined,
    terminal: caller < 0 ? undefined : terminalOf(kernel, caller),
  };
}

/** @param name as SIGTERM */
export function announce(name: string): Announced {
  const since = performance.now();
  return { name, since, deadline: since + PATIENCE };
}

/**
 * Whether a child is blocked and has not acknowledged a signal in time. A child that runs, waits
 * for a processor, or waits in its event loop is not blocked: its deadline moves on.
 */
export function isOverdue(signal: Announced, pid: number): boolean {
  const now = performance.now();
  if (signal.deadline > now) return false;
  if (now - signal.since >= LONGEST_PATIENCE || isBlocked(pid)) return true;
  signal.deadline = now + PATIENCE;
  return false;
}

/** Whether the main thread sleeps anywhere but in its event loop (proc_pid_stat(5), wchan). */
function isBlocked(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    return state !== 'R' && !readFileSync(`/proc/${pid}/wchan`, 'latin1').includes('epoll');
  } catch {
    return true;
  }
}

/** Where bin/tslxc has its standard input. */
const CALLER_INPUT = 6;

/** The caller's terminal with its settings, if its standard input is one. */
function terminalOf(kernel: Kernel, caller: number): Job['terminal'] {
  let fd = -1;
  try {
    fd = kernel.pidfdGetfd(caller, CALLER_INPUT);
    if (isTerminal(fd)) return { fd, settings: kernel.getTermios(fd) };
  } catch {}
  if (fd >= 0) closeSync(fd);
  return undefined;
}

/** A command ends itself by these when it has no handler for them. */
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
 * The line that tells a caller of the end of its request process.
 * @param killedFor the signal for which the zygote killed the blocked process
 */
export function lastWords({ code, signal }: ExitStatus, killedFor: string | undefined): string {
  if (signal === null) return `exit ${code}`;
  const name = signalName(signal);
  if (ORDINARY.includes(name)) return `signal ${name}`;
  return signal === SIG.KILL && killedFor ? `signal ${killedFor}` : 'died';
}
