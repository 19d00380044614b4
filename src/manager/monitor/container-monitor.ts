/**
 * A container in the manager's care: a sequence of runs, its state, and the callers that wait for
 * its end.
 */
import type { CgroupNote } from '../../cgroup/container-cgroup.ts';
import type { LogLevel } from '../../config/values/log.ts';
import type { HostHooks } from '../../container/hooks/host-hooks.ts';
import type { Attachable } from '../../container/plan/attach-request.ts';
import { recoverContainer } from '../../container/recovery/recover.ts';
import type { NicOwner } from '../../container/run/hot-plug.ts';
import type { StopRequest } from '../../container/run/stop.ts';
import type { ClientStdio } from '../../container/start/client-stdio.ts';
import { keptPrefix } from '../../container/start/start-host.ts';
import type { ContainerLog } from '../../container/state/container-log.ts';
import {
  type EndReason,
  type ForcedEnd,
  forcedText,
  reasonText,
  type StartReason,
} from '../../container/state/end-reason.ts';
import { History } from '../../container/state/history.ts';
import { noteRun, noteStarted } from '../../container/state/last-run.ts';
import { lockContainer } from '../../container/state/lock.ts';
import type { ContainerRef } from '../../container/state/paths.ts';
import { isAlive, type RecordedNic, writeRecord } from '../../container/state/runtime-record.ts';
import { endStatus, wasReboot } from '../../container/state/signals.ts';
import type { State } from '../../container/state/state.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';
import type { PreparedStart, StartRequest } from '../wire/protocol.ts';
import type { AdoptedRun } from './adopt-run.ts';
import { ContainerTerminals } from './container-terminals.ts';
import { EndWaiters, requireReboot } from './end-waiters.ts';
import type { Ending, MonitorHost, MonitorListeners } from './monitor-host.ts';
import { MonitoredState } from './monitored-state.ts';
import { nicOwner } from './nic-owner.ts';
import { QuickReboots } from './quick-reboots.ts';
import type { Run } from './run.ts';
import { RunResources } from './run-resources.ts';
import { MANAGER, startingRecord, startRun } from './start-run.ts';
import { destroyEphemeral, reasonOfEnd, tearDown } from './tear-down.ts';
import { requireRunning } from './transitions.ts';

/** How long a start is not yet written to the container's directory, milliseconds. */
const NOTE_AFTER = 1000;
/** How long the keeper may take to tell of the end of an init that is gone, milliseconds. */
const END_NEWS_PATIENCE = 2000;

export class ContainerMonitor {
  readonly ref: ContainerRef;
  readonly terminals: ContainerTerminals;
  readonly request: StartRequest;
  readonly #host: MonitorHost;
  readonly #listeners: MonitorListeners;
  readonly #resources: RunResources;
  readonly #stdio: ClientStdio | undefined;
  /** The caller has prepared the first start. */
  readonly #prepared: PreparedStart | undefined;
  readonly #history: History;
  readonly #quickReboots = new QuickReboots();
  #log: ContainerLog | undefined;
  /** The nics of the last run that has ended. */
  #previousNics: readonly RecordedNic[] = [];
  readonly #state: MonitoredState;
  #run: Run | undefined;
  /** The hooks of the run, also while it starts and after its end. */
  #hooks: HostHooks | undefined;
  /** Init has ended before its start was over: delivered after it. */
  #earlyEnd: { readonly status: ExitStatus | null } | undefined;
  #starting: Promise<unknown> = Promise.resolve();
  readonly #waiters = new EndWaiters();

  /** @param stdio descriptors of the client that a program gets instead of the console */
  constructor(host: MonitorHost, request: StartRequest, listeners: MonitorListeners, stdio?: ClientStdio) {
    this.ref = { name: request.name, lxcpath: request.lxcpath };
    const { prepared, ...wanted } = request;
    this.request = wanted;
    this.#prepared = prepared;
    this.#host = host;
    this.#listeners = listeners;
    this.#stdio = stdio;
    this.#history = new History(this.ref);
    this.#state = new MonitoredState(this.ref, this.#history, (event) => listeners.onEvent(event));
    this.#resources = new RunResources(this.ref, host.kernel, (text) => this.#log?.write('WARN', text));
    this.terminals = new ContainerTerminals(host.kernel);
    this.terminals.onOutput = (bytes) => this.#history.console(bytes);
    this.terminals.onTrouble = (error) => this.#log?.write('WARN', error.message);
  }

  get state(): State {
    return this.#state.value;
  }

  /** Host pid of its init; undefined when it does not run. */
  get initPid(): number | undefined {
    return this.#run?.init.pid;
  }

  /** The container will not come back; only an ephemeral one's removal may be left. */
  get isOver(): boolean {
    return this.#waiters.isOver;
  }

  /** Settles when the manager has dropped the container. */
  get gone(): Promise<void> {
    return this.#waiters.gone;
  }

  markGone(): void {
    this.#waiters.markGone();
  }

  /** Settles with the next end of its init, or with the last one when it will not come back. */
  ended(): Promise<Ending> {
    return this.#waiters.ended();
  }

  /** Whether init is gone, also where the keeper has not told of its end yet. */
  initHasEnded(): boolean {
    return this.#run?.hasEnded() ?? false;
  }

  /** @throws TslxcError NOT_RUNNING */
  #needRun(): Run {
    requireRunning(this.ref, this.#state.value);
    return this.#run!;
  }

  /** What an attach needs of it. @throws TslxcError NOT_RUNNING */
  attachable(): Attachable {
    return this.#needRun().attachable(this.terminals.devpts);
  }

  /** Sets a limit. @throws TslxcError NOT_RUNNING, and what the cgroup room throws */
  setCgroup(key: string, value: string): { notes: CgroupNote[] } {
    return this.#needRun().setCgroup(key, value);
  }

  /** For changes of its nics. @throws TslxcError NOT_RUNNING */
  nicOwner(): NicOwner {
    return nicOwner(this.#host.kernel, this.#needRun(), this.#resources.journal, this.terminals.devpts);
  }

  /** Stops all its processes where they are. @throws TslxcError NOT_RUNNING */
  async freeze(): Promise<void> {
    await this.#state.freeze(this.#needRun());
  }

  /** @throws TslxcError NOT_RUNNING */
  async unfreeze(): Promise<void> {
    const run = this.#needRun();
    await this.#state.unfreeze(run, () => this.#run === run);
  }

  /**
   * Asks init to end, or ends it; returns when it has ended and is torn down, or at once with a
   * timeout of 0. A reboot returns when the next init runs.
   * @returns how init had to be forced, if it had to be
   * @throws TslxcError NOT_RUNNING, STOP_TIMEOUT, START_FAILED for a reboot that did not come up
   */
  async stop(
    request: StopRequest,
    by: { readonly uid: number; readonly pid: number },
  ): Promise<ForcedEnd | undefined> {
    const run = this.#needRun();
    const ended = this.ended();
    if (run.hasEnded()) void this.#expectEnd(run);
    let forced: ForcedEnd | undefined;
    await run.stop(request, by, {
      ended,
      onForce: (how) => {
        forced = how;
        this.#log?.write('WARN', forcedText(how));
      },
    });
    if (request.mode === 'reboot' && request.timeout !== 0) requireReboot(this.ref, await ended);
    return forced;
  }

  /** Ends a run whose init is gone. The status stays unknown if the keeper does not tell it. */
  async #expectEnd(run: Run): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, END_NEWS_PATIENCE));
    if (this.#run === run) await this.initEnded(null);
  }

  /** Ends the hook or the stage that a start or an end waits for. */
  abortHooks(message: string): void {
    const reason = new TslxcError({ code: 'START_FAILED', container: this.ref.name, message });
    this.#hooks?.aborter.abort(reason);
  }

  /** Settles when a start that is under way has come about or has failed. */
  get startSettled(): Promise<unknown> {
    return this.#starting;
  }

  /** Starts it. @returns warnings @throws TslxcError the cause, with everything undone */
  start(reason: StartReason = { kind: 'start' }): Promise<TslxcError[]> {
    const starting = this.#lockAndStart(reason);
    this.#starting = starting.catch(() => {});
    return starting;
  }

  async #lockAndStart(reason: StartReason): Promise<TslxcError[]> {
    using _lock = lockContainer(this.ref);
    // A restore over it may have been killed half-way.
    await recoverContainer(this.ref);
    try {
      return await this.#start(reason);
    } catch (error) {
      // The start is undone, and the helper is being replaced: a second try hides that from the
      // caller.
      if ((error as TslxcError).code !== 'HELPER_DIED') throw error;
      return await this.#start(reason, true);
    }
  }

  /** @param alone by a stage of its own, no worker */
  async #start(reason: StartReason, alone = false): Promise<TslxcError[]> {
    this.#state.enter('STARTING', reason);
    if (reason.kind === 'restart') this.#quickReboots.expectMore();
    try {
      // What a killed start left behind is given back before anything new is made.
      await this.#resources.releaseAll();
      writeRecord(startingRecord(this.ref, this.request));
      const keeper = this.#host.keeperNumber();
      const { run, terminals, warnings } = await startRun({
        host: this.#host,
        request: this.request,
        prepared: reason.kind === 'start' ? this.#prepared : undefined,
        journal: this.#resources.journal,
        stdio: reason.kind === 'start' ? this.#stdio : undefined,
        alone,
        reboots: reason.kind === 'reboot',
        previousNics: reason.kind === 'reboot' ? this.#previousNics : undefined,
        onHooks: (hooks) => {
          this.#hooks = hooks;
        },
        onLog: (log) => {
          this.#log = log;
        },
        note: (text, level) => this.#note(text, level ?? 'INFO'),
        onTrouble: (error) => this.#log?.write('WARN', error.message),
      });
      this.#run = run;
      this.terminals.open(terminals, run.plan.console);
      if (this.request.pidFile) this.#resources.writePidFile(this.request.pidFile, run.init.pid);
      if (this.#host.keeperNumber() !== keeper) await this.keepAgain();
      this.#state.enter('RUNNING', reason);
      this.#noteSoon(run);
      this.#deliverEarlyEnd(run);
      return warnings;
    } catch (thrown) {
      const cause = this.#hooks?.aborter.reason ?? thrown;
      const error = toTslxcError(cause, 'START_FAILED', { container: this.ref.name });
      await this.#abort(error);
      throw error;
    }
  }

  async #abort(error: TslxcError): Promise<void> {
    this.#log?.error('ERROR', error);
    const failed: EndReason = { kind: 'start-failed', error: error.toJSON() };
    this.#state.enter('ABORTING', failed);
    noteRun(this.ref, { failed: { at: new Date().toISOString(), error: error.toJSON() } });
    this.#run?.close();
    this.#run?.hooks.close();
    this.#run = undefined;
    this.#earlyEnd = undefined;
    this.terminals.close();
    await this.#resources.releaseAll();
    await this.#host.drop(keptPrefix(this.ref)).catch(() => {});
    this.#state.enter('STOPPED', failed);
  }

  /** Delivers the end of an init that the keeper told of before the start was over. */
  #deliverEarlyEnd(run: Run): void {
    const end = this.#earlyEnd ?? this.#host.takeEarlyEnd(run.init.pid);
    this.#earlyEnd = undefined;
    // After the answer to the request that asked for the start.
    if (end) setImmediate(() => void this.initEnded(end.status));
    else if (run.hasEnded()) void this.#expectEnd(run);
  }

  /** Adopts a run of an earlier manager. Its init may have ended since (see initEnded). */
  adopt({ run, log, terminals, journal, lost }: AdoptedRun): void {
    this.#log = log;
    this.#run = run;
    this.#hooks = run.hooks;
    this.#resources.journal.expect(journal);
    run.updateRecord(MANAGER);
    this.#noteSoon(run);
    this.#state.assume(run.isFrozen() ? 'FROZEN' : 'RUNNING');
    for (const text of lost) {
      log.write('WARN', text);
      this.#history.add('state', `adopted by a new manager: ${text}`);
    }
    this.terminals.adopt(terminals, run.plan.console);
  }

  /** Notes the start a second later, off its path: `--why` needs the note after a power failure. */
  #noteSoon(run: Run): void {
    const note = () => this.#run === run && noteStarted(this.ref, run.record.startedAt);
    setTimeout(note, NOTE_AFTER).unref();
  }

  /** Gives a new keeper copies of the terminals, and has it watch init. */
  async keepAgain(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    await this.terminals.keepIn(this.#host, keptPrefix(this.ref), run.plan.console.log);
    try {
      await this.#host.watch(run.init.pid);
    } catch (error) {
      if (isAlive(run.init)) throw error;
      // Init died with the old keeper, whose report is lost. Deferred, since a start may be under
      // way.
      setImmediate(() => void this.initEnded(null));
    }
  }

  /** A stage logs the output of hooks as DEBUG; the history keeps it for any log level. */
  #note(text: string, level: LogLevel): void {
    this.#log?.write(level, text);
    if (level === 'DEBUG') this.#history.add('hook', text);
  }

  /**
   * Init has ended. Never throws: what fails on the way is told in the log, and the container is
   * not left half-ended.
   */
  async initEnded(status: ExitStatus | null): Promise<void> {
    if (this.#state.value === 'STARTING') {
      this.#earlyEnd = { status };
      return;
    }
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    let ending: Ending;
    try {
      ending = await this.#endRun(run, status);
    } catch (thrown) {
      const failure = toTslxcError(thrown, 'INTERNAL', { container: this.ref.name });
      this.#log?.error('ERROR', failure);
      this.#state.assume('STOPPED');
      ending = { status: endStatus(status), target: 'stop', reason: { kind: 'unknown' }, failure };
    }
    if (ending.target === 'reboot') this.#waiters.tell(ending);
    else await this.#finish(run, ending);
  }

  async #endRun(run: Run, status: ExitStatus | null): Promise<Ending> {
    const reason = reasonOfEnd(run, status, this.#history);
    this.#previousNics = run.record.nics;
    this.#log?.write('INFO', `ended: ${reasonText(reason)}`);
    this.#state.tellExit(endStatus(status), reason);
    this.#state.enter('STOPPING', reason);
    run.updateRecord({ state: 'STOPPING', ...MANAGER });
    const reboots = wasReboot(status, run.record.asked);
    const done = await tearDown(run, reboots ? 'reboot' : 'stop', {
      host: this.#host,
      terminals: this.terminals,
      history: this.#history,
      log: this.#log,
      resources: this.#resources,
    });
    this.#state.enter('STOPPED', reason);
    const ending: Ending = { status: endStatus(status), target: 'stop', reason };
    if (!reboots) return ending;
    const refusal = this.#refuseReboot(run, reason, done);
    if (refusal) return { ...ending, failure: refusal };
    try {
      await this.start({ kind: 'reboot', ...(reason.operator ? { operator: reason.operator } : {}) });
      return { ...ending, target: 'reboot' };
    } catch (error) {
      return { ...ending, failure: error as TslxcError };
    }
  }

  /** Why the next run does not begin at once. */
  #refuseReboot(run: Run, reason: EndReason, hooksSucceeded: boolean): TslxcError | undefined {
    const delay = () => this.#listeners.onQuickReboots(this, reason, run);
    const message = this.#quickReboots.refusal(run, reason, hooksSucceeded, delay);
    if (message === undefined) return undefined;
    this.#log?.write('ERROR', message);
    this.#history.add('state', message);
    return new TslxcError({ code: 'START_FAILED', container: this.ref.name, message });
  }

  async #finish(run: Run, ending: Ending): Promise<void> {
    const isReboot = ending.reason.kind === 'reboot';
    const again = !isReboot && !ending.failure && this.#listeners.onEnd(this, ending.reason, run);
    this.#waiters.tellLast(ending);
    if (run.plan.ephemeral && !again && !isReboot) await destroyEphemeral(this.request, this.#log);
    this.terminals.hangUp();
    this.#listeners.onGone(this);
  }
}
