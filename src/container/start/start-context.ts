/** What a start works with, and what it leaves. */
import type { CgroupNote } from '../../cgroup/container-cgroup.ts';
import type { HostHooks } from '../hooks/host-hooks.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import type { RecordedNic, RuntimeRecord, StartOverrides } from '../state/runtime-record.ts';
import type { ClientStdio } from './client-stdio.ts';
import type { Journal } from './journal.ts';
import type { StageLog, StartHost } from './start-host.ts';
import type { TerminalDescriptors } from './start-terminals.ts';

export interface StartContext {
  readonly host: StartHost;
  readonly plan: StartPlan;
  /** Makes the plan again, after the pre-start hooks. @throws TslxcError as planStart */
  planAgain(): StartPlan;
  readonly journal: Journal;
  readonly hooks: HostHooks;
  readonly overrides: StartOverrides;
  /** The start gets a stage of its own, even where a spawner could do it. */
  readonly alone?: boolean;
  /**
   * Descriptors of a client that become those of a supervised program, or of an init without a
   * console.
   */
  readonly stdio?: ClientStdio | undefined;
  /** The nics of the run before a reboot, whose drawn names and addresses stay. */
  readonly previousNics?: readonly RecordedNic[] | undefined;
  log: StageLog;
}

/** What a successful start leaves in the manager's hands. */
export interface Started {
  /** The plan that was carried out. */
  readonly plan: StartPlan;
  readonly record: RuntimeRecord;
  /** Descriptors of this process. */
  readonly terminals: TerminalDescriptors;
  /** Cgroup values that the kernel rounded. */
  readonly notes: readonly CgroupNote[];
}
