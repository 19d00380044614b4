/**
 * A run of a container: from the start of its init, or its adoption by this manager, to the end of
 * init.
 */
import { closeSync } from 'node:fs';
import {
  type CgroupNote,
  type CgroupPlan,
  freeze,
  isFrozen,
  setItem,
  unfreeze,
} from '../../cgroup/container-cgroup.ts';
import type { HostHooks } from '../../container/hooks/host-hooks.ts';
import type { Attachable } from '../../container/plan/attach-request.ts';
import type { StartPlan } from '../../container/plan/start-plan.ts';
import { type StopProgress, type StopRequest, stopInit } from '../../container/run/stop.ts';
import type { OperatorRequest } from '../../container/state/end-reason.ts';
import {
  isAlive,
  openProcess,
  type ProcessIdentity,
  type RuntimeRecord,
  writeRecord,
} from '../../container/state/runtime-record.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';

export interface RunFacts {
  readonly kernel: Kernel;
  readonly record: RuntimeRecord;
  readonly plan: StartPlan;
  readonly hooks: HostHooks;
  /** A record that cannot be written (full disk): supervision goes on from memory. */
  readonly onTrouble: (error: Error) => void;
}

type RecordChange = { readonly [K in keyof RuntimeRecord]?: RuntimeRecord[K] | undefined };

export class Run {
  readonly plan: StartPlan;
  readonly hooks: HostHooks;
  readonly init: ProcessIdentity;
  /** -1 where init had ended before it could be opened. */
  #initPidfd: number;
  readonly #kernel: Kernel;
  readonly #onTrouble: (error: Error) => void;
  #record: RuntimeRecord;

  constructor({ kernel, record, plan, hooks, onTrouble }: RunFacts) {
    this.#kernel = kernel;
    this.#record = record;
    this.#onTrouble = onTrouble;
    this.plan = plan;
    this.hooks = hooks;
    this.init = record.init!;
    this.#initPidfd = openProcess(kernel, this.init);
  }

  get record(): RuntimeRecord {
    return this.#record;
  }

  get cgroup(): CgroupPlan | undefined {
    return this.#record.cgroup;
  }

  /** The keeper tells of an end a moment later. */
  hasEnded(): boolean {
    return !isAlive(this.init);
  }

  /** For a later manager. A full disk loses this change there, and nothing here. */
  updateRecord(change: RecordChange): void {
    this.#record = { ...this.#record, ...change } as RuntimeRecord;
    try {
      writeRecord(this.#record);
    } catch (error) {
      this.#onTrouble(error as Error);
    }
  }

  /** @param devpts descriptor of the container's own devpts, or -1 */
  attachable(devpts: number): Attachable {
    return { init: this.#initPidfd, plan: this.plan, record: this.#record, devpts };
  }

  /** Sets a limit. @throws TslxcError CONTROLLER_MISSING, and what the cgroup room throws */
  setCgroup(key: string, value: string): { notes: CgroupNote[] } {
    const { notes, plan } = setItem(this.#kernel, this.#needCgroup(), key, value);
    this.updateRecord({ cgroup: plan });
    return { notes };
  }

  /**
   * Asks init to end, or ends it. Who asked is written down before. @throws TslxcError STOP_TIMEOUT
   */
  async stop(
    request: StopRequest,
    by: { readonly uid: number; readonly pid: number },
    progress: StopProgress,
  ): Promise<void> {
    const asked: OperatorRequest = {
      mode: request.mode,
      ...by,
      ...(request.hostShutdown ? { hostShutdown: true } : {}),
    };
    this.updateRecord({ asked });
    // Read at each signal: the number belongs to another file once the run is closed.
    const pidfd = () => this.#initPidfd;
    const init = { pid: this.init.pid, pidfd };
    await stopInit({ kernel: this.#kernel, init, signals: this.plan.signals, cgroup: this.cgroup }, request, {
      ended: progress.ended,
      onForce: (forced) => {
        this.updateRecord({ asked: { ...asked, forced } });
        progress.onForce(forced);
      },
    });
  }

  isFrozen(): boolean {
    return this.cgroup !== undefined && isFrozen(this.cgroup);
  }

  async freeze(): Promise<void> {
    await freeze(this.#needCgroup());
  }

  async unfreeze(): Promise<void> {
    await unfreeze(this.#needCgroup());
  }

  /** Gives up what this process holds of it. */
  close(): void {
    if (this.#initPidfd >= 0) closeSync(this.#initPidfd);
    this.#initPidfd = -1;
  }

  #needCgroup(): CgroupPlan {
    if (this.cgroup) return this.cgroup;
    throw new TslxcError({
      code: 'CONTROLLER_MISSING',
      container: this.#record.name,
      message: 'it has no cgroup',
    });
  }
}
