/** Why a container is in the state that it is in, from files on disk. */
import type { ErrorDetails } from '../../errors/tslxc-error.ts';
import type { EndReason } from '../state/end-reason.ts';
import { bootId, type LastRun, readLastRun } from '../state/last-run.ts';
import type { ContainerRef } from '../state/paths.ts';
import { pendingRestart } from '../state/restart-file.ts';
import { liveRecord } from '../state/runtime-record.ts';

export interface WhyReport {
  /** Since when it runs, if it does; ISO 8601. */
  readonly runningSince?: string;
  /** How the last run that is over ended. */
  readonly ended?: {
    /** Unknown where the host went down with it. */
    readonly at?: string;
    readonly startedAt: string;
    readonly reason: EndReason;
    readonly oomKills?: number;
  };
  /** The last start, if it failed. */
  readonly failed?: { readonly at: string; readonly error: ErrorDetails };
  /** The container is to be started again. */
  readonly restart?: { readonly at: string; readonly attempt: number; readonly limit?: number };
}

export function whyReport(ref: ContainerRef): WhyReport {
  const record = liveRecord(ref);
  const run = readLastRun(ref);
  const restart = record ? undefined : pendingRestart(ref);
  const ended = endOf(run, record !== undefined, bootId());
  return {
    ...(record?.init ? { runningSince: record.startedAt } : {}),
    ...(ended ? { ended } : {}),
    ...(run?.failed ? { failed: run.failed } : {}),
    ...(restart?.waiting
      ? {
          restart: {
            at: new Date(restart.due).toISOString(),
            attempt: restart.attempt,
            ...(restart.policy.limit === undefined ? {} : { limit: restart.policy.limit }),
          },
        }
      : {}),
  };
}

/**
 * A run whose end is not written down went with the host, or with all of our processes at once.
 */
export function endOf(run: LastRun | undefined, running: boolean, boot: string): WhyReport['ended'] {
  const { started, ended } = run ?? {};
  if (running || !started || ended?.startedAt === started.at) return ended;
  const kind = started.bootId === boot ? 'unknown' : 'host-shutdown';
  return { startedAt: started.at, reason: { kind } };
}
