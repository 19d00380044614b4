/**
 * Whether a container that has ended is started again, and after how long: a matter of
 * `lxc.start.restart`.
 */
import type { RestartPolicy } from '../../config/values/restart.ts';
import type { EndReason } from '../state/end-reason.ts';

/** Ends that are failures: something went wrong, and no operator had asked for the end. */
const FAILURES: { readonly [K in EndReason['kind']]: (reason: EndReason) => boolean } = {
  exit: ({ exitCode }) => exitCode !== 0,
  signal: () => true,
  oom: () => true,
  'start-failed': () => true,
  // Its manager and its keeper were killed together: the container did not end by itself as far as
  // a manager knows.
  unknown: () => true,
  'power-off': () => false,
  operator: () => false,
  'host-shutdown': () => false,
  reboot: () => false,
};

/** An end that an operator asked for stands under every policy. */
const FINAL: ReadonlySet<EndReason['kind']> = new Set<EndReason['kind']>(['operator', 'host-shutdown']);

const FIRST_MS = 250;
const LONGEST_MS = 60_000;
/** A run of this length was a good one: the next failure is the first again. */
export const GOOD_RUN_SECONDS = 10;

/**
 * How long to wait before the restart, milliseconds; undefined: there will be none. `attempt`
 * counts from 1. A reboot comes here only where reboots follow each other too quickly; it is
 * carried out under any policy.
 */
export function restartDelay(policy: RestartPolicy, reason: EndReason, attempt: number): number | undefined {
  if (reason.kind === 'reboot') return delay(attempt);
  const wanted =
    policy.when === 'always'
      ? !FINAL.has(reason.kind)
      : policy.when === 'on-failure' && FAILURES[reason.kind](reason);
  if (!wanted || attempt > (policy.limit ?? Number.POSITIVE_INFINITY)) return undefined;
  return delay(attempt);
}

const delay = (attempt: number) => Math.min(FIRST_MS * 2 ** Math.min(attempt - 1, 20), LONGEST_MS);
