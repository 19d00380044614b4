import { readFileSync } from 'node:fs';
import { SIG } from '../../kernel/constants.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';

/** SIGRTMIN as the C library counts it: 32 and 33 are its own. */
const SIGRTMIN = 34;
/** What systemd takes as "halt" (systemd(1)). */
const SYSTEMD_HALT = SIGRTMIN + 3;

/**
 * Signal that asks this init to shut down: SIGPWR, or SIGRTMIN+3 for an init that blocks it, as systemd does because it
 * reads its signals from a descriptor (LXC's rule).
 */
export function haltSignal(initPid: number): number {
  const blocked =
    /^SigBlk:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${initPid}/status`, 'utf8'))?.[1] ?? '0';
  return BigInt(`0x${blocked}`) & (1n << BigInt(SYSTEMD_HALT - 1)) ? SYSTEMD_HALT : SIG.PWR;
}

/** How an init's end is read: the kernel reports a reboot(2) from inside as SIGHUP (restart) or SIGINT (halt). */
export function wasReboot(status: { readonly signal: number | null } | null): boolean {
  return status?.signal === SIG.HUP;
}

/** How init ended, for whoever waited: a halt by reboot(2) is an orderly end, not a death by signal. */
export function endStatus(status: ExitStatus | null): ExitStatus | null {
  return status?.signal === SIG.INT ? { code: 0, signal: null } : status;
}
