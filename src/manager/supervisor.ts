/**
 * All containers of this manager, and what they share: the fork server, the keeper, the host's
 * cgroup layout.
 */
import { existsSync } from 'node:fs';
import { type CgroupLayout, detectLayout } from '../cgroup/layout.ts';
import { inTime, type StopRequest } from '../container/run/stop.ts';
import type { ClientStdio } from '../container/start/client-stdio.ts';
import { Journal, type JournalEntry } from '../container/start/journal.ts';
import { keptPrefix } from '../container/start/start-host.ts';
import type { ForcedEnd, StartReason } from '../container/state/end-reason.ts';
import { noSuchContainer } from '../container/state/list.ts';
import { type ContainerRef, containerDirectory, refKey } from '../container/state/paths.ts';
import { isAlive, removeRecord } from '../container/state/runtime-record.ts';
import type { State } from '../container/state/state.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { ExitStatus, Kernel } from '../kernel/kernel.ts';
import { bridgeService } from '../network/bridge-plan.ts';
import { ensureBridge, releaseName, reserveName } from '../network/bridge-service.ts';
import { ForkClient } from './forks/fork-client.ts';
import type { KeeperClient } from './keeper/keeper-client.ts';
import { reapOrphan } from './keeper/orphans.ts';
import { LxcSockets } from './lxc-socket/lxc-sockets.ts';
import { adoptRun, callerOf } from './monitor/adopt-run.ts';
import { ContainerMonitor } from './monitor/container-monitor.ts';
import { FollowedPorts } from './monitor/followed-ports.ts';
import type { MonitorHost, MonitorListeners } from './monitor/monitor-host.ts';
import { Restarts } from './monitor/restarts.ts';
import { type Leftover, survey } from './monitor/survey.ts';
import type { ContainerEvent, StartRequest, StateOfContainer } from './wire/protocol.ts';

/** States of one that is about to be stopped, or to start anew. */
const ENDING: ReadonlySet<State> = new Set<State>(['STOPPING', 'ABORTING', 'STOPPED']);

/** States that lead to a run, or out of one: a stop waits until the transition is over. */
const PHASES: { readonly [S in State]?: 'start' | 'end' } = {
  STARTING: 'start',
  STOPPING: 'end',
  ABORTING: 'end',
  STOPPED: 'end',
};

/** Why a hook that a stop found at work was ended. */
const ABORT_REASON = {
  start: 'the start was called off: the container was to be stopped',
  end: 'the hook did not end, and was killed',
} as const;

/** Seconds that a start or an end may take once its hook has been aborted. */
const ABORT_PATIENCE = 10;

/** How many events are kept for late listeners. */
const RECENT = 500;

export class Supervisor {
  readonly kernel: Kernel;
  /** Pending while a killed keeper is being replaced: callers that need a keeper wait. */
  #keeper: Promise<KeeperClient>;
  #keepers = 1;
  readonly host: MonitorHost;
  readonly #containers = new Map<string, ContainerMonitor>();
  readonly #forks: ForkClient;
  /** Programs that were attached, and other children: who wants to know of their end. */
  readonly #waiting = new Map<number, (status: ExitStatus | null) => void>();
  /**
   * Ends that were reported before their watch began: a process may be gone before its pid has
   * arrived.
   */
  readonly #early = new Map<number, ExitStatus | null>();
  readonly #watchers = new Set<(event: ContainerEvent) => void>();
  /** For those who were listening before there was this manager. */
  readonly #recent: ContainerEvent[] = [];
  readonly #lxcSockets: LxcSockets;
  readonly #ports: FollowedPorts;
  readonly #restarts = new Restarts({
    start: (request, reason) => this.#begin(request, reason),
    onChange: () => this.onChange(),
  });
  /** Told when the number of containers changes. */
  onChange: () => void = () => {};

  constructor(kernel: Kernel, keeper: KeeperClient) {
    this.kernel = kernel;
    this.#ports = new FollowedPorts(kernel);
    this.#lxcSockets = new LxcSockets(kernel, ({ name }, error) =>
      process.stderr.write(`LXC's command socket of ${name}: ${error.message}\n`),
    );
    this.#keeper = Promise.resolve(keeper);
    this.#forks = new ForkClient(kernel, this.#keeper);
    keeper.onEnded = ({ pid, status }) => this.#ended(pid, status);
    const layout: CgroupLayout = detectLayout();
    this.host = {
      kernel,
      layout,
      keeperNumber: () => this.#keepers,
      stage: (...wanted) => this.#forks.stage(...wanted),
      keep: async (pid, descriptors, watch) => {
        // A number that the kernel has used before: the news is of an earlier process.
        if (watch) this.#early.delete(pid);
        await (await this.#keeper).keep(pid, descriptors, watch);
        if (descriptors.length === 0) return [];
        const pidfd = kernel.pidfdOpen(pid);
        try {
          return descriptors.map(({ fd }) => kernel.pidfdGetfd(pidfd, fd));
        } finally {
          kernel.close(pidfd);
        }
      },
      drop: (prefix) => this.#keeper.then((held) => held.drop(prefix)),
      watch: (pid) => this.#keeper.then((held) => held.watch(pid)),
      forget: (pid) => this.#keeper.then((held) => held.forget(pid)),
      takeEarlyEnd: (pid) => this.#takeEarlyEnd(pid),
      ensureBridge: async (name) => {
        await ensureBridge(bridgeService(kernel), name);
      },
      reserveName: (container, mac, address) => {
        reserveName(bridgeService(kernel), { container, mac, ...(address ? { address } : {}) });
      },
      publish: (id, change) => this.#ports.publish(id, change),
      releaseName: (container) => releaseName(bridgeService(kernel), container),
    };
  }

  /**
   * Replaces a killed keeper. The new keeper gets copies of all descriptors, forks a new fork
   * server (children of the old one would not become its children), and watches the running
   * processes.
   */
  async useKeeper(next: Promise<KeeperClient>): Promise<void> {
    this.#keeper = next;
    this.#keepers++;
    this.#forks.useKeeper(next);
    const keeper = await next;
    keeper.onEnded = ({ pid, status }) => this.#ended(pid, status);
    for (const container of this.#containers.values()) await container.keepAgain();
    for (const pid of this.#waiting.keys()) await keeper.watch(pid).catch(() => this.#ended(pid, null));
    await this.warm();
  }

  /** Ends the manager. */
  onLeave: () => void = () => {};

  /** Ends the manager if there is nothing to look after. */
  leaveIfIdle(): boolean {
    if (this.count > 0) return false;
    setImmediate(this.onLeave);
    return true;
  }

  /** Containers that are looked after, those that wait to be restarted included. */
  get count(): number {
    return this.#containers.size + this.#restarts.count;
  }

  /**
   * Tells of everything that happens to containers, after what this manager saw since that time
   * (ISO 8601).
   * @returns the way to stop listening
   */
  watch(listener: (event: ContainerEvent) => void, since?: string): () => void {
    if (since !== undefined) for (const event of this.#recent) if (event.time > since) listener(event);
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** The containers that are not STOPPED. */
  states(): StateOfContainer[] {
    return [...this.#containers.values()].map(({ ref, state }) => ({ ...ref, state }));
  }

  /** Hangs up on the fork server and waits until it has ended. */
  forksEnded(): Promise<void> {
    return this.#forks.end();
  }

  warm(): Promise<void> {
    return this.#forks.warm();
  }

  /** @throws TslxcError NOT_RUNNING, CONTAINER_MISSING */
  get(ref: { lxcpath: string; name: string }): ContainerMonitor {
    const container = this.#containers.get(refKey(ref));
    if (container) return container;
    if (!existsSync(containerDirectory(ref))) throw noSuchContainer(ref);
    throw new TslxcError({ code: 'NOT_RUNNING', container: ref.name, message: 'it is not running' });
  }

  /**
   * Stops a container, or calls off its restart. A tear-down that is under way counts as the end
   * that is asked for; a reboot that is under way is followed by this end.
   * @returns how init had to be forced, if it had to be
   * @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, STOP_TIMEOUT
   */
  async stop(
    request: StopRequest,
    by: { readonly uid: number; readonly pid: number },
  ): Promise<ForcedEnd | undefined> {
    if (!this.#containers.has(refKey(request)) && request.mode !== 'reboot' && this.#restarts.cancel(request))
      return undefined;
    const container = this.get(request);
    const phase = PHASES[container.state];
    if (phase === undefined || request.mode === 'reboot') return await container.stop(request, by);
    if (request.timeout === 0 && phase === 'end') return undefined;
    const over =
      phase === 'start' ? container.startSettled : container.isOver ? container.gone : container.ended();
    if (request.mode === 'kill') container.abortHooks(ABORT_REASON[phase]);
    if (!(await inTime(over, request.timeout))) {
      if (!request.killAfter) throw hangs(request, phase);
      container.abortHooks(ABORT_REASON[phase]);
      if (!(await inTime(over, ABORT_PATIENCE))) throw hangs(request, phase);
    }
    const next = this.#containers.get(refKey(request));
    if (next && !next.isOver) return await this.stop(request, by);
    this.#restarts.cancel(request);
    return undefined;
  }

  /** The caller of a start has gone: a hook that hangs keeps the container no longer. */
  abortStart(ref: ContainerRef): void {
    const container = this.#containers.get(refKey(ref));
    if (container?.state === 'STARTING')
      container.abortHooks('the start was called off: the command that asked for it has ended');
  }

  /** Starts a container; the promise settles when its init runs. */
  start(
    request: StartRequest,
    stdio?: ClientStdio,
  ): Promise<{ container: ContainerMonitor; warnings: TslxcError[] }> {
    this.#restarts.cancel(request);
    return this.#begin(request, { kind: 'start' }, stdio);
  }

  async #begin(
    request: StartRequest,
    reason: StartReason,
    stdio?: ClientStdio,
  ): Promise<{ container: ContainerMonitor; warnings: TslxcError[] }> {
    const old = await this.#notEnding(request);
    if (old)
      throw new TslxcError({
        code: 'ALREADY_RUNNING',
        container: request.name,
        message: old.state === 'RUNNING' ? 'it is running already' : `it is ${old.state.toLowerCase()}`,
      });
    const container = this.#add(request, stdio);
    try {
      return { container, warnings: await container.start(reason) };
    } catch (error) {
      this.#remove(container);
      throw error;
    }
  }

  /**
   * Waits for a stop in progress, so that callers need not retry. Returns the container if it is
   * (still) running.
   */
  async #notEnding(ref: { lxcpath: string; name: string }): Promise<ContainerMonitor | undefined> {
    for (;;) {
      const container = this.#containers.get(refKey(ref));
      if (!container || !(ENDING.has(container.state) || container.initHasEnded())) return container;
      await (container.isOver ? container.gone : Promise.race([container.ended(), container.gone]));
    }
  }

  #add(request: StartRequest, stdio?: ClientStdio): ContainerMonitor {
    const container = new ContainerMonitor(this.host, request, this.#listeners, stdio);
    this.#containers.set(refKey(container.ref), container);
    this.onChange();
    return container;
  }

  readonly #listeners: MonitorListeners = {
    onEvent: (event) => {
      const monitor = event.type === 'state' && this.#containers.get(refKey(event));
      if (monitor) this.#lxcSockets.follow(monitor, event.state);
      this.#recent.push(event);
      if (this.#recent.length > RECENT) this.#recent.shift();
      for (const watcher of this.#watchers) watcher(event);
    },
    onEnd: ({ request }, reason, { plan, record }) =>
      this.#restarts.consider(request, reason, {
        plan,
        seconds: (Date.now() - Date.parse(record.startedAt)) / 1000,
      }),
    onQuickReboots: ({ request }, reason, { plan }) => this.#restarts.deferReboot(request, reason, { plan }),
    onGone: ({ request }) => {
      const container = this.#containers.get(refKey(request));
      if (container?.isOver) this.#remove(container);
    },
  };

  #remove(container: ContainerMonitor): void {
    if (this.#containers.get(refKey(container.ref)) === container)
      this.#containers.delete(refKey(container.ref));
    container.markGone();
    this.onChange();
  }

  /**
   * Takes over what an earlier manager left: running containers are adopted, those that have ended
   * meanwhile are torn down, half-done starts are undone. Does not wait for hooks: the tear-downs
   * go on while requests are served.
   */
  async adopt(): Promise<void> {
    const { runs, halfDone } = survey();
    for (const run of runs) await this.#adoptRun(run);
    await Promise.all(halfDone.map(({ ref, journal }) => this.#undo(ref, journal)));
    const keeper = await this.#keeper;
    for (const { pid } of keeper.ended)
      if (!runs.some(({ record }) => record.init?.pid === pid)) void keeper.forget(pid).catch(() => {});
    this.#ports.follow();
    this.#restarts.resume();
  }

  async #adoptRun(leftover: Leftover): Promise<void> {
    const { record } = leftover;
    const { name, lxcpath, overrides, configFile, init } = record;
    const caller = callerOf(leftover);
    const request = { name, lxcpath, ...overrides, rcfile: configFile, foreground: false, caller };
    const container = this.#add(request);
    try {
      const keeper = await this.#keeper;
      container.adopt(adoptRun(this.host, leftover, (label) => keeper.copyOf(label)));
      this.#lxcSockets.follow(container, 'RUNNING');
      const end = keeper.ended.find(({ pid }) => pid === init!.pid);
      if (isAlive(init)) await keeper.watch(init!.pid);
      else void container.initEnded(end?.status ?? null);
    } catch (error) {
      process.stderr.write(`adopt ${name}: ${(error as Error).stack}\n`);
      // A container that runs stays in this manager's care, as far as it was taken over.
      if (isAlive(init)) return;
      this.#remove(container);
      await this.#undo(record, leftover.journal);
    }
  }

  async #undo(ref: ContainerRef, expected: readonly JournalEntry[]): Promise<void> {
    const journal = new Journal(ref);
    journal.expect(expected);
    for (const failure of await journal.release(this.kernel))
      process.stderr.write(`clean up ${ref.name}: ${failure.message}\n`);
    void this.host.drop(keptPrefix(ref)).catch(() => {});
    removeRecord(ref);
  }

  #ended(pid: number, told: ExitStatus | null): void {
    const own = reapOrphan(this.kernel, pid);
    const status = told ?? own ?? null;
    const container = [...this.#containers.values()].find(({ initPid }) => initPid === pid);
    const waiting = this.#waiting.get(pid);
    this.#waiting.delete(pid);
    if (container) void container.initEnded(status);
    else if (waiting) waiting(status);
    else {
      this.#early.set(pid, status);
      setTimeout(() => this.#early.delete(pid), 10_000).unref();
    }
  }

  #takeEarlyEnd(pid: number): { readonly status: ExitStatus | null } | undefined {
    const status = this.#early.get(pid);
    if (status === undefined) return undefined;
    this.#early.delete(pid);
    return { status };
  }

  /** Calls back when a child that is no container's init has ended. */
  whenEnded(pid: number, listener: (status: ExitStatus | null) => void): void {
    const early = this.#early.get(pid);
    if (early !== undefined) listener(early);
    else this.#waiting.set(pid, listener);
  }
}

function hangs({ name, lxcpath, timeout }: StopRequest, phase: 'start' | 'end'): TslxcError {
  const what = phase === 'start' ? 'its start is not over' : 'its init has ended, its tear-down is not over';
  return new TslxcError({
    code: 'STOP_TIMEOUT',
    container: name,
    message: `${what} after ${timeout} seconds: a hook or a file system hangs`,
    hint: `\`tslxc-logs -P ${lxcpath} -n ${name}\` shows what was done last`,
  });
}
