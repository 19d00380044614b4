import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { SIG } from '../../kernel/constants.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';

/** SIGRTMIN as the C library counts it: 32 and 33 are its own. */
const SIGRTMIN = 34;
/** What systemd takes as "halt" (systemd(1)). */
const SYSTEMD_HALT = SIGRTMIN + 3;

/**
 * Signal that asks this init to shut down: SIGPWR, or SIGRTMIN+3 for an init that blocks it, as
 * systemd does because it reads its signals from a descriptor (LXC's rule).
 */
export function haltSignal(initPid: number): number {
  const blocked = /^SigBlk:\s*([0-9a-f]+)$/m.exec(statusOf(initPid))?.[1] ?? '0';
  return BigInt(`0x${blocked}`) & (1n << BigInt(SYSTEMD_HALT - 1)) ? SYSTEMD_HALT : SIG.PWR;
}

/** Empty for a process that has ended. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** The first of several names of one number: SIGABRT, not SIGIOT. */
const NAMES = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number as number, name]),
);

/** `SIGPWR`; `signal 48` for a number without a name. */
export function signalName(signal: number): string {
  return NAMES.get(signal) ?? (signal >= SIGRTMIN ? `SIGRTMIN+${signal - SIGRTMIN}` : `signal ${signal}`);
}

/**
 * How an init's end is read: the kernel reports a reboot(2) from inside as SIGHUP (restart) or
 * SIGINT (halt). An end that an operator has asked for is final, however init went. Where
 * the status is lost (null: init's parent was killed), a reboot that an operator has asked for is
 * taken for the cause.
 */
export function wasReboot(
  status: { readonly signal: number | null } | null,
  operator?: { readonly mode: string },
): boolean {
  if (operator && operator.mode !== 'reboot') return false;
  return status === null ? operator !== undefined : status.signal === SIG.HUP;
}

/**
 * How init ended, for the waiting client: a halt by reboot(2) is an orderly end, not a death by
 * signal.
 */
export function endStatus(status: ExitStatus | null): ExitStatus | null {
  return status?.signal === SIG.INT ? { code: 0, signal: null } : status;
}
