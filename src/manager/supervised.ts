/** One container in the manager's care, from its start to its end, reboots included. */
import { closeSync, writeFileSync } from 'node:fs';
import type { ContainerConfig } from '../config/container-config.ts';
import { textsOf } from '../config/given-config.ts';
import { loadConfig } from '../config/load-config.ts';
import type { LogLevel } from '../config/values/log.ts';
import { HostHooks } from '../container/hooks/host-hooks.ts';
import { destroyContainer } from '../container/lifecycle/destroy.ts';
import { configWarnings } from '../container/plan/config-warnings.ts';
import { loadPlan, removePlan } from '../container/plan/saved-plan.ts';
import { planStart, type StartPlan } from '../container/plan/start-plan.ts';
import { recoverContainer } from '../container/recovery/recover.ts';
import { holdNamespaces } from '../container/run/held-namespaces.ts';
import { Journal } from '../container/start/journal.ts';
import { type ClientStdio, startContainer } from '../container/start/start.ts';
import { checkStart } from '../container/start/start-checks.ts';
import { keptPrefix, type StartHost } from '../container/start/start-host.ts';
import { ContainerLog, planLog } from '../container/state/container-log.ts';
import {
  type EndReason,
  reasonText,
  type StartReason,
  type StateReason,
} from '../container/state/end-reason.ts';
import { History } from '../container/state/history.ts';
import { noteRun, noteStarted } from '../container/state/last-run.ts';
import { isDefined, noSuchContainer } from '../container/state/list.ts';
import { lockContainer } from '../container/state/lock.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import {
  isAlive,
  openProcess,
  type RuntimeRecord,
  removeRecord,
  writeRecord,
} from '../container/state/runtime-record.ts';
import { endStatus, wasReboot } from '../container/state/signals.ts';
import type { State } from '../container/state/state.ts';
import { errorFromJSON, TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import { ContainerTerminals } from './container-terminals.ts';
import { hostFacts, prepareHost } from './host-facts.ts';
import { isFrozen, type Operated, Operations } from './operations.ts';
import type { ContainerEvent, StartRequest } from './protocol.ts';
import { hookSurroundings, MANAGER, overridesOf, type Running, startingRecord } from './running.ts';
import { reasonOfEnd, tearDown } from './tear-down.ts';

/** How a container ended, for those who waited for it. */
export interface Ending {
  readonly status: ExitStatus | null;
  readonly target: 'stop' | 'reboot';
  readonly reason: EndReason;
}

export interface SupervisorHost extends StartHost {
  /** Counts the keepers: another number, and what the last one was given it took along. */
  keeperNumber(): number;
  drop(prefix: string): Promise<void>;
  forget(pid: number): Promise<void>;
}

/** How long a start is not yet written to the container's directory, milliseconds. */
const NOTE_AFTER = 1000;

export class Supervised {
  readonly ref: ContainerRef;
  readonly terminals: ContainerTerminals;
  /** What is done to it while it runs. */
  readonly operations: Operations;
  #state: State = 'STOPPED';
  readonly #host: SupervisorHost;
  readonly #journal: Journal;
  readonly #stdio: ClientStdio | undefined;
  #request: StartRequest;
  #log: ContainerLog | undefined;
  readonly #history: History;
  #running: Running | undefined;
  #endListeners = new Set<(ending: Ending) => void>();
  #last: Ending | undefined;
  /** To be called when nobody looks after it any more. */
  markGone!: () => void;
  readonly gone: Promise<void> = new Promise((resolve) => {
    this.markGone = resolve;
  });
  /** Told when the container is gone for good. */
  onGone: () => void = () => {};
  /** Told of every new state and every end of an init. */
  onEvent: (event: ContainerEvent) => void = () => {};
  /** Told how a run ended that no reboot follows; says whether another one will be begun. */
  onEnd: (reason: EndReason, run: { readonly plan: StartPlan; readonly seconds: number }) => boolean = () =>
    false;

  /** @param stdio descriptors of the client that a program gets instead of the console */
  constructor(host: SupervisorHost, request: StartRequest, stdio?: ClientStdio) {
    this.#stdio = stdio;
    this.ref = { name: request.name, lxcpath: request.lxcpath };
    this.#host = host;
    this.#request = request;
    this.#journal = new Journal(this.ref);
    this.terminals = new ContainerTerminals(host.kernel);
    this.#history = new History(this.ref);
    this.terminals.onOutput = (bytes) => this.#history.console(bytes);
    this.terminals.onTrouble = (error) => this.#log?.write('WARN', error.message);
    this.operations = new Operations(this.#operated());
  }

  #operated(): Operated {
    const state = () => this.#state;
    const running = () => this.#running;
    return {
      kernel: this.#host.kernel,
      terminals: this.terminals,
      get state() {
        return state();
      },
      get running() {
        return running();
      },
      mustRun: () => this.#mustRun(),
      setRecord: (record) => {
        this.#running = { ...this.#mustRun(), record };
      },
      enter: (next, reason) => this.#enter(next, reason),
      ended: () => this.ended(),
      warn: (text) => this.#log?.write('WARN', text),
    };
  }

  get state(): State {
    return this.#state;
  }

  get request(): StartRequest {
    return this.#request;
  }

  #enter(state: State, reason?: StateReason): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#history.add('state', reason ? `${state} (${reasonText(reason)})` : state);
    this.onEvent({
      type: 'state',
      time: new Date().toISOString(),
      ...this.ref,
      state,
      ...(reason ? { reason } : {}),
    });
  }

  /** Host pid of its init; undefined when it does not run. */
  get initPid(): number | undefined {
    return this.#running?.record.init?.pid;
  }

  /** Its init is gone, which the keeper may not have told of yet; whoever looks at the record sees it STOPPED. */
  initHasEnded(): boolean {
    return this.#running !== undefined && !isAlive(this.#running.record.init);
  }

  #mustRun(): Running {
    if (this.#running) return this.#running;
    throw new TslxcError({ code: 'NOT_RUNNING', container: this.ref.name, message: 'it is not running' });
  }

  /** Starts it. @returns warnings @throws TslxcError the cause, with everything undone */
  async start(reason: StartReason = { kind: 'start' }): Promise<TslxcError[]> {
    using _lock = lockContainer(this.ref);
    // A restore over it may have been killed half-way.
    await recoverContainer(this.ref);
    try {
      return await this.#start(reason);
    } catch (error) {
      // The start is undone, and the helper is being replaced: nobody need know of it.
      if ((error as TslxcError).code !== 'HELPER_DIED') throw error;
      return await this.#start(reason, true);
    }
  }

  /** @param alone by a stage of its own, and no spawner */
  async #start(reason: StartReason, alone = false): Promise<TslxcError[]> {
    this.#enter('STARTING', reason);
    // What a killed start left behind is given back before anything new is made.
    this.#release();
    writeRecord(startingRecord(this.ref, this.#request));
    try {
      const keeper = this.#host.keeperNumber();
      const { config, warnings } = this.#load();
      prepareHost();
      const plan = planStart(this.ref, config, hostFacts(this.#host), this.#request);
      await checkStart(this.#host, plan);
      const hooks = this.#hooks(plan);
      const started = await startContainer({
        host: this.#host,
        plan,
        journal: this.#journal,
        hooks,
        overrides: overridesOf(this.#request),
        alone,
        stdio: reason.kind === 'start' ? this.#stdio : undefined,
        log: (text, level) => this.#note(level ?? 'INFO', text),
      });
      this.#take(started.record, plan, hooks);
      this.terminals.open(started.terminals, plan.console);
      if (this.#host.keeperNumber() !== keeper) await this.keepAgain();
      this.#writePidFile();
      this.#enter('RUNNING', reason);
      this.#noteSoon(started.record);
      const notes = started.notes.map(
        ({ key, asked, effective, why }) =>
          new TslxcError({
            code: 'CGROUP_VALUE',
            message: `${key}: the kernel made ${effective} of ${asked}${why ? ` (${why})` : ''}`,
          }),
      );
      return [...warnings, ...plan.warnings.map(errorFromJSON), ...notes];
    } catch (thrown) {
      const error = toTslxcError(thrown, 'START_FAILED', { container: this.ref.name });
      this.#log?.error('ERROR', error);
      const failed: EndReason = { kind: 'start-failed', error: error.toJSON() };
      this.#enter('ABORTING', failed);
      noteRun(this.ref, { failed: { at: new Date().toISOString(), error: error.toJSON() } });
      this.#release();
      await this.#host.drop(keptPrefix(this.ref)).catch(() => {});
      this.#enter('STOPPED', failed);
      throw error;
    }
  }

  #take(record: RuntimeRecord, plan: StartPlan, hooks: HostHooks): void {
    const initPidfd = openProcess(this.#host.kernel, record.init!);
    const namespaces = holdNamespaces(plan, record.init!.pid);
    this.#running = { record, plan, hooks, initPidfd, namespaces };
  }

  /**
   * That it has started, for whoever asks when the host has lost its power. Nobody need wait for the disk to take it, least
   * of all a host that starts all of its containers; its end says the same and more.
   */
  #noteSoon({ startedAt }: RuntimeRecord): void {
    const runs = () => this.#running?.record.startedAt === startedAt;
    setTimeout(() => runs() && noteStarted(this.ref, startedAt), NOTE_AFTER).unref();
  }

  /** Takes over a container that an earlier manager started; its init may have ended meanwhile (see initEnded). */
  adopt(found: RuntimeRecord, copyOf: (label: string) => number | undefined): void {
    const record = { ...found, ...MANAGER };
    const plan = loadPlan(this.ref);
    this.#log = new ContainerLog(this.#host.kernel, this.ref, plan.log);
    const hooks = this.#hooks(plan);
    hooks.initPid = record.init!.pid;
    hooks.cgroups = record.hookCgroups ?? [];
    this.#take(record, plan, hooks);
    writeRecord(record);
    this.#noteSoon(record);
    this.#state = isFrozen(record.cgroup) ? 'FROZEN' : 'RUNNING';
    const prefix = keptPrefix(this.ref);
    this.terminals.open(
      {
        devpts: copyOf(`${prefix}devpts`) ?? -1,
        console: copyOf(`${prefix}console`) ?? -1,
        ttys: Array.from({ length: record.ttys }, (_, i) => copyOf(`${prefix}tty${i + 1}`) ?? -1),
      },
      plan.console,
    );
  }

  /** A new keeper holds nothing yet. */
  async keepAgain(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const prefix = keptPrefix(this.ref);
    const mine = this.terminals.labelled().map(([label, fd]) => ({
      label: `${prefix}${label}`,
      fd,
      drain: label === 'console' ? { log: running.plan.console.log } : undefined,
    }));
    for (const copy of await this.#host.keep(process.pid, mine)) closeSync(copy);
    const { init } = running.record;
    try {
      await this.#host.watch(init!.pid);
    } catch (error) {
      if (isAlive(init)) throw error;
      // It has died with the old keeper, which nobody has told of. Not now: a start may be under way.
      setImmediate(() => void this.initEnded(null));
    }
  }

  #load(): { config: ContainerConfig; warnings: TslxcError[] } {
    const { rcfile, given, defines, caller } = this.#request;
    if (!rcfile && !isDefined(this.ref)) throw noSuchContainer(this.ref);
    const config = loadConfig(rcfile ?? configFile(this.ref), {
      name: this.ref.name,
      defines,
      env: caller.env,
      cwd: caller.cwd,
      texts: given && textsOf(given),
    });
    this.#log = new ContainerLog(this.#host.kernel, this.ref, planLog(this.ref, config));
    return { config, warnings: configWarnings(config) };
  }

  #hooks(plan: StartPlan): HostHooks {
    return new HostHooks(plan, hookSurroundings(this.#request), (text) => this.#note('DEBUG', text));
  }

  /** What hooks print is kept whatever the log's level. */
  #note(level: LogLevel, text: string): void {
    this.#log?.write(level, text);
    if (/^(hook|network script) /.test(text)) this.#history.add('hook', text);
  }

  #writePidFile(): void {
    if (!this.#request.pidFile) return;
    this.#journal.add({ kind: 'file', path: this.#request.pidFile });
    writeFileSync(this.#request.pidFile, `${this.#running!.record.init!.pid}\n`);
  }

  #release(): void {
    for (const failure of this.#journal.release(this.#host.kernel))
      this.#log?.write('WARN', `could not clean up: ${failure.message}`);
    removeRecord(this.ref);
    removePlan(this.ref);
  }

  /** It will not come back; what is left is to destroy it, if it is ephemeral. */
  get isOver(): boolean {
    return this.#last !== undefined;
  }

  /** Settles with the next end of this init, or with the last one when it will not come back. */
  ended(): Promise<Ending> {
    if (this.#last) return Promise.resolve(this.#last);
    return new Promise((resolve) => this.#endListeners.add(resolve));
  }

  /** The keeper says that init has ended. */
  async initEnded(status: ExitStatus | null): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    const reason = reasonOfEnd(running, status, this.#history);
    this.#log?.write('INFO', `ended: ${reasonText(reason)}`);
    let target: 'stop' | 'reboot' = wasReboot(status) ? 'reboot' : 'stop';
    this.onEvent({
      type: 'exit',
      time: new Date().toISOString(),
      ...this.ref,
      status: endStatus(status),
      reason,
    });
    this.#enter('STOPPING', reason);
    writeRecord({ ...running.record, state: 'STOPPING', ...MANAGER });
    const done = await tearDown(running, target, {
      host: this.#host,
      terminals: this.terminals,
      history: this.#history,
      log: this.#log,
      release: () => this.#release(),
    });
    if (target === 'reboot' && !done) {
      // As LXC: a post-stop hook that fails says that it had better not come back.
      this.#log?.write('ERROR', 'the reboot is cancelled: a post-stop hook failed');
      target = 'stop';
    }
    this.#enter('STOPPED', reason);
    let failure: Error | undefined;
    if (target === 'reboot') {
      try {
        await this.start({ kind: 'reboot', ...(reason.operator ? { operator: reason.operator } : {}) });
      } catch (error) {
        failure = error as Error;
      }
    }
    const over = target === 'stop' || failure !== undefined;
    const again =
      over &&
      !failure &&
      this.onEnd(reason, {
        plan: running.plan,
        seconds: (Date.now() - Date.parse(running.record.startedAt)) / 1000,
      });
    const ending: Ending = { status: endStatus(status), target: failure ? 'stop' : target, reason };
    if (over) this.#last = ending;
    this.#tell(ending);
    if (!over) return;
    if (running.plan.ephemeral && target === 'stop' && !again) await this.#destroy();
    this.terminals.hangUp();
    this.onGone();
  }

  #tell(ending: Ending): void {
    const listeners = this.#endListeners;
    this.#endListeners = new Set();
    for (const listener of listeners) listener(ending);
  }

  async #destroy(): Promise<void> {
    try {
      await destroyContainer(this.ref, {
        force: false,
        snapshots: false,
        caller: hookSurroundings(this.#request),
      });
    } catch (error) {
      this.#log?.write(
        'ERROR',
        `the ephemeral container could not be destroyed: ${(error as Error).message}`,
      );
    }
  }
}
