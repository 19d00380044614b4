/**
 * Containers that have ended and are to be started again. Each is a file below the run directory,
 * so that a restart comes about although the manager that decided on it has died.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RestartPolicy } from '../../config/values/restart.ts';
import type { StartPlan } from '../../container/plan/start-plan.ts';
import { GOOD_RUN_SECONDS, restartDelay } from '../../container/run/restart-decision.ts';
import type { EndReason, StartReason } from '../../container/state/end-reason.ts';
import { type ContainerRef, containerRunDirectory, refKey } from '../../container/state/paths.ts';
import {
  type PendingRestart,
  pendingRestart,
  pendingRestarts,
  RESTART_FILE,
} from '../../container/state/restart-file.ts';
import { liveRecord } from '../../container/state/runtime-record.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import type { StartRequest } from '../wire/protocol.ts';

interface RestartActions {
  /** @throws TslxcError why it could not be started */
  start(request: StartRequest, reason: StartReason): Promise<unknown>;
  onChange(): void;
}

export class Restarts {
  readonly #actions: RestartActions;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(actions: RestartActions) {
    this.#actions = actions;
  }

  get count(): number {
    return this.#timers.size;
  }

  /** Decides about a container that has ended; says whether it will be started again. */
  consider(
    request: StartRequest,
    reason: EndReason,
    { plan, seconds }: { readonly plan: StartPlan; readonly seconds: number },
  ): boolean {
    // A user who has it on a terminal sees how it ended, and decides.
    return !request.foreground && this.#schedule(request, plan.restart, reason, seconds);
  }

  /**
   * The same for a container that reboots again and again: its next start waits, the longer the
   * more there were.
   */
  deferReboot(request: StartRequest, reason: EndReason, { plan }: { readonly plan: StartPlan }): boolean {
    return !request.foreground && this.#schedule(request, plan.restart, reason, 0);
  }

  #schedule(request: StartRequest, policy: RestartPolicy, reason: EndReason, seconds: number): boolean {
    const before = seconds >= GOOD_RUN_SECONDS ? 0 : (pendingRestart(request)?.attempt ?? 0);
    const attempt = before + 1;
    const delay = restartDelay(policy, reason, attempt);
    if (delay === undefined) {
      forget(request);
      return false;
    }
    const pending: PendingRestart = {
      request,
      policy,
      attempt,
      waiting: true,
      due: Date.now() + delay,
      reason,
    };
    tryWrite(pending);
    this.#arm(pending);
    return true;
  }

  #arm(pending: PendingRestart): void {
    const timer = setTimeout(() => void this.#restart(pending), Math.max(0, pending.due - Date.now()));
    this.#timers.set(refKey(pending.request), timer);
    this.#actions.onChange();
  }

  async #restart(pending: PendingRestart): Promise<void> {
    const { request, policy, attempt } = pending;
    // What was tried counts, also when this manager is killed in the middle of it.
    tryWrite({ ...pending, waiting: false });
    try {
      await this.#actions.start(request as StartRequest, { kind: 'restart', attempt });
    } catch (thrown) {
      const error = toTslxcError(thrown);
      // The container is gone, or another command has started it.
      if (error.code === 'ALREADY_RUNNING') return;
      if (error.code === 'CONTAINER_MISSING') forget(request);
      else {
        this.#timers.delete(refKey(request));
        this.#schedule(request as StartRequest, policy, { kind: 'start-failed', error: error.toJSON() }, 0);
      }
    } finally {
      if (pendingRestart(request)?.waiting !== true) this.#timers.delete(refKey(request));
      this.#actions.onChange();
    }
  }

  /** Calls a restart off, and forgets how many there have been. @returns whether one was waiting */
  cancel(ref: ContainerRef): boolean {
    const timer = this.#timers.get(refKey(ref));
    clearTimeout(timer);
    this.#timers.delete(refKey(ref));
    forget(ref);
    if (timer) this.#actions.onChange();
    return timer !== undefined;
  }

  /** Goes on with the restarts that an earlier manager had decided on. */
  resume(): void {
    for (const pending of pendingRestarts()) {
      if (liveRecord(pending.request) || this.#timers.has(refKey(pending.request))) continue;
      if (pending.waiting) this.#arm(pending);
      else this.#schedule(pending.request as StartRequest, pending.policy, pending.reason, 0);
    }
  }
}

/** A full run directory costs the restart only where this manager is killed before. */
function tryWrite(pending: PendingRestart): void {
  try {
    write(pending);
  } catch (error) {
    process.stderr.write(`${pending.request.name}: its restart is not noted: ${(error as Error).message}\n`);
  }
}

function write(pending: PendingRestart): void {
  const directory = containerRunDirectory(pending.request);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, RESTART_FILE);
  writeFileSync(`${file}.new`, JSON.stringify(pending), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function forget(ref: ContainerRef): void {
  rmSync(join(containerRunDirectory(ref), RESTART_FILE), { force: true });
}
