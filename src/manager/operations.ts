/** What is done to a container while it runs: a program attached, its end asked for, all of it frozen and thawed, a limit changed. */
import {
  type CgroupNote,
  type CgroupPlan,
  freeze,
  isFrozen as isCgroupFrozen,
  setItem,
  unfreeze,
} from '../cgroup/container-cgroup.ts';
import type { Attachable } from '../container/run/attach.ts';
import { type StopRequest, stopInit } from '../container/run/stop.ts';
import type { OperatorRequest, StateReason } from '../container/state/end-reason.ts';
import { type RuntimeRecord, writeRecord } from '../container/state/runtime-record.ts';
import type { State } from '../container/state/state.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { ContainerTerminals } from './container-terminals.ts';
import type { Running } from './running.ts';

/** The container that is worked on, as whoever supervises it knows it. */
export interface Operated {
  readonly kernel: Kernel;
  readonly terminals: ContainerTerminals;
  readonly state: State;
  /** Undefined when it does not run (any more: everything that waits has to look again). */
  readonly running: Running | undefined;
  /** @throws TslxcError NOT_RUNNING */
  mustRun(): Running;
  /** What is known of it from now on. */
  setRecord(record: RuntimeRecord): void;
  enter(state: State, reason?: StateReason): void;
  /** Settles with the end of this init. */
  ended(): Promise<unknown>;
  warn(text: string): void;
}

export class Operations {
  readonly #container: Operated;

  constructor(container: Operated) {
    this.#container = container;
  }

  /** On disk too: a later manager has to know. */
  #note(record: RuntimeRecord): void {
    this.#container.setRecord(record);
    writeRecord(record);
  }

  /** What an attach needs of it. @throws TslxcError NOT_RUNNING */
  attachable(): Attachable {
    const { record, plan, initPidfd } = this.#container.mustRun();
    return { init: initPidfd, plan, record, devpts: this.#container.terminals.devpts };
  }

  /** Sets a limit. @throws TslxcError NOT_RUNNING, and what the cgroup room throws */
  setCgroup(key: string, value: string): { notes: CgroupNote[] } {
    const { record } = this.#container.mustRun();
    if (!record.cgroup) throw new TslxcError({ code: 'CONTROLLER_MISSING', message: 'it has no cgroup' });
    const { notes, plan } = setItem(this.#container.kernel, record.cgroup, key, value);
    this.#note({ ...record, cgroup: plan });
    return { notes };
  }

  /**
   * Asks init to end, or ends it; returns when it has ended, or at once with a timeout of 0. Who asked is written down
   * before. @throws TslxcError NOT_RUNNING, STOP_TIMEOUT
   */
  async stop(request: StopRequest, by: { readonly uid: number; readonly pid: number }): Promise<void> {
    const { record, plan, initPidfd } = this.#container.mustRun();
    const asked: OperatorRequest = {
      mode: request.mode,
      ...by,
      ...(request.hostShutdown ? { hostShutdown: true } : {}),
    };
    this.#note({ ...record, asked });
    const init = { pid: record.init!.pid, pidfd: initPidfd };
    await stopInit(
      { kernel: this.#container.kernel, init, signals: plan.signals, cgroup: record.cgroup },
      request,
      this.#container.ended(),
      (text) => this.#container.warn(text),
    );
  }

  /** Stops all its processes where they are. One that is frozen already is left so. */
  async freeze(): Promise<void> {
    const container = this.#container;
    const { record } = container.mustRun();
    if (isFrozen(record.cgroup)) {
      container.enter('FROZEN', { kind: 'freeze' });
      return;
    }
    container.enter('FREEZING', { kind: 'freeze' });
    try {
      await freeze(record.cgroup!);
    } catch (error) {
      if (container.running) container.enter('RUNNING');
      throw error;
    }
    // It may have been killed meanwhile.
    if (container.running) container.enter('FROZEN', { kind: 'freeze' });
  }

  async unfreeze(): Promise<void> {
    const container = this.#container;
    const { record } = container.mustRun();
    if (!isFrozen(record.cgroup) && container.state === 'RUNNING') return;
    await unfreeze(record.cgroup!);
    if (!container.running) return;
    container.enter('THAWED', { kind: 'unfreeze' });
    container.enter('RUNNING', { kind: 'unfreeze' });
  }
}

export function isFrozen(cgroup: CgroupPlan | undefined): boolean {
  return cgroup !== undefined && isCgroupFrozen(cgroup);
}
