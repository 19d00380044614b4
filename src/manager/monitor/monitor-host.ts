/** What a container's monitor needs of the manager, and what it tells. */
import type { StartHost } from '../../container/start/start-host.ts';
import type { EndReason } from '../../container/state/end-reason.ts';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';
import type { ContainerEvent, StartRequest } from '../wire/protocol.ts';
import type { Run } from './run.ts';

/** How a run ended, for those who waited for it. */
export interface Ending {
  readonly status: ExitStatus | null;
  /** `reboot`: the next run has begun. */
  readonly target: 'stop' | 'reboot';
  readonly reason: EndReason;
  /** Why a reboot did not come up. */
  readonly failure?: TslxcError;
}

export interface MonitorHost extends StartHost {
  /**
   * Counts the keepers: after a change, the new keeper holds nothing of what the last one was
   * given.
   */
  keeperNumber(): number;
  drop(prefix: string): Promise<void>;
  forget(pid: number): Promise<void>;
  /**
   * The end of a process that was told of before anything waited for it; null for an unknown
   * status.
   */
  takeEarlyEnd(pid: number): { readonly status: ExitStatus | null } | undefined;
}

/** The monitor itself, as its listeners see it. */
export interface Monitored {
  readonly request: StartRequest;
}

export interface MonitorListeners {
  onEvent(event: ContainerEvent): void;
  /** No reboot follows this run. Says whether a restart is scheduled. */
  onEnd(monitor: Monitored, reason: EndReason, run: Run): boolean;
  /**
   * Called for a container that reboots repeatedly within a second: delays the next start. Returns
   * whether a start is scheduled.
   */
  onQuickReboots(monitor: Monitored, reason: EndReason, run: Run): boolean;
  /** The container is gone for good. */
  onGone(monitor: Monitored): void;
}
