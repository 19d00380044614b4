/** What one start works with: the plan, the host's services, and where its resources are journaled. */
import type { HostHooks } from '../hooks/host-hooks.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import type { StartOverrides } from '../state/runtime-record.ts';
import type { Journal } from './journal.ts';
import type { StageLog, StartHost } from './start-host.ts';

export interface StartContext {
  readonly host: StartHost;
  readonly plan: StartPlan;
  readonly journal: Journal;
  readonly hooks: HostHooks;
  readonly overrides: StartOverrides;
  /** By a stage of its own, whatever a spawner could do. */
  readonly alone?: boolean;
  /** Descriptors of a client that become those of a supervised program, or of an init without a console. */
  readonly stdio?: ClientStdio | undefined;
  log: StageLog;
}

/** Descriptors of a client's process that become 0, 1 and 2; null: that one stays /dev/null. */
export type StdioNumbers = readonly [number | null, number | null, number | null];

/** Descriptors of a client's process. */
export interface ClientStdio {
  readonly pid: number;
  readonly fds: StdioNumbers;
}
