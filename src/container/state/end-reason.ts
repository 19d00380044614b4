/** Why a container changed its state: as data for programs and as words for people. */
import type { ErrorDetails } from '../../errors/tslxc-error.ts';
import { SIG } from '../../kernel/constants.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';
import { signalName, wasReboot } from './signals.ts';

/** Init was killed since it had not answered this signal in so many seconds. */
export interface ForcedEnd {
  readonly signal: number;
  readonly seconds: number;
}

/** How an operator ends a run. */
export type StopMode = 'shutdown' | 'reboot' | 'kill';

/** Who asked for an end, and how. */
export interface OperatorRequest {
  readonly mode: StopMode;
  /** User and process of the command. */
  readonly uid: number;
  readonly pid: number;
  /** The host itself is going down. */
  readonly hostShutdown?: boolean | undefined;
  /** Set when the request alone did not end it. */
  readonly forced?: ForcedEnd | undefined;
}

/** How a run of a container ended. */
export interface EndReason {
  readonly kind:
    | 'exit'
    | 'signal'
    | 'oom'
    | 'operator'
    | 'reboot'
    | 'power-off'
    | 'host-shutdown'
    | 'start-failed'
    | 'unknown';
  /** What init returned, where it returned. */
  readonly exitCode?: number;
  /** What init died of, where it died of a signal. */
  readonly signal?: number;
  readonly operator?: OperatorRequest;
  /** `start-failed`: the whole error. */
  readonly error?: ErrorDetails;
}

/** Why a container begins to run. */
export interface StartReason {
  readonly kind: 'start' | 'reboot' | 'restart';
  /** `restart`: which one since the last good run, from 1. */
  readonly attempt?: number;
  /** `reboot`: who asked for it, where it was not the container itself. */
  readonly operator?: OperatorRequest;
}

export type StateReason = EndReason | StartReason | { readonly kind: 'freeze' | 'unfreeze' };

export interface EndFacts {
  readonly status: ExitStatus | null;
  readonly operator: OperatorRequest | undefined;
  /** Whether the kernel killed init for want of memory; asked only where it matters. */
  oomKilled(): boolean;
}

/**
 * The true reason of an init's end. The kernel reports a reboot(2) from inside as SIGHUP (restart)
 * or SIGINT (halt); an end that an operator had asked for is the operator's, however init went.
 */
export function endReason({ status, operator, oomKilled }: EndFacts): EndReason {
  const how = {
    ...(status?.code == null ? {} : { exitCode: status.code }),
    ...(status?.signal == null ? {} : { signal: status.signal }),
  };
  if (wasReboot(status, operator)) return { kind: 'reboot', ...(operator ? { operator } : {}) };
  if (operator && operator.mode !== 'reboot')
    return { kind: operator.hostShutdown ? 'host-shutdown' : 'operator', ...how, operator };
  if (status === null) return { kind: 'unknown' };
  if (status.signal === SIG.INT) return { kind: 'power-off' };
  if (status.signal === null) return { kind: 'exit', ...how };
  return { kind: status.signal === SIG.KILL && oomKilled() ? 'oom' : 'signal', ...how };
}

function signalText(signal: number): string {
  const name = signalName(signal);
  return name.startsWith('SIG') ? `${name} (signal ${signal})` : name;
}

export const secondsText = (seconds: number) => `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;

/** `init did not answer SIGPWR in 60 seconds and was killed`. */
export function forcedText({ signal, seconds }: ForcedEnd): string {
  return `init did not answer ${signalName(signal)} in ${secondsText(seconds)} and was killed`;
}

const MODES = { shutdown: 'a shutdown', reboot: 'a reboot', kill: 'a kill' } as const;

function operatorText({ mode, uid, pid, forced }: OperatorRequest): string {
  const force = forced ? `; ${forcedText(forced)}` : '';
  return `${MODES[mode]} asked for by user ${uid}${pid > 0 ? ` (process ${pid})` : ''}${force}`;
}

/** A line without a full stop, to be read after the state. */
const TEXTS: { readonly [K in StateReason['kind']]: (reason: EndReason & StartReason) => string } = {
  exit: ({ exitCode }) => `init ended with exit code ${exitCode}`,
  signal: ({ signal }) => `init was killed by ${signalText(signal!)}`,
  oom: () => 'the kernel killed init because memory ran out',
  operator: (reason) => operatorText(reason.operator!),
  reboot: ({ operator }) => (operator ? operatorText(operator) : 'a reboot from inside'),
  'power-off': () => 'a power-off from inside',
  'host-shutdown': ({ operator }) =>
    `the host shut down${operator?.forced ? `; ${forcedText(operator.forced)}` : ''}`,
  'start-failed': ({ error }) => `the start failed: ${error?.message ?? 'the cause is unknown'}`,
  unknown: () => 'it ended while nothing watched it: the cause is unknown',
  start: () => 'a start',
  restart: ({ attempt }) => `restart ${attempt} by lxc.start.restart`,
  freeze: () => 'a freeze',
  unfreeze: () => 'an unfreeze',
};

export function reasonText(reason: StateReason): string {
  return TEXTS[reason.kind](reason as never);
}
