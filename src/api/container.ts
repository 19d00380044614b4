/**
 * The typed library: what a program that imports tslxc gets. Every command is a thin shell around
 * it.
 */

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { checkUsableName } from '../config/container-name.ts';
import { loadSystemConfig } from '../config/system-config.ts';
import { type ContainerRef, configFile, containerDirectory } from '../container/state/paths.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import { ownContext, type RequestContext } from '../util/request-context.ts';
import type * as options from './options.ts';

/**
 * A container by name: defined on disk or not, running or not. Methods throw TslxcError. What a
 * method needs is loaded when it is called first.
 */
export class Container implements ContainerRef {
  readonly name: string;
  /** Directory that holds the container's; `lxc.lxcpath` of the system's config unless given. */
  readonly lxcpath: string;

  readonly #context: RequestContext;

  /**
   * @param context on whose behalf the methods work: this process's own unless given
   * @throws TslxcError NAME_INVALID
   */
  constructor(name: string, lxcpath?: string, context: RequestContext = ownContext()) {
    checkUsableName(name);
    this.#context = context;
    this.name = name;
    this.lxcpath = resolve(context.cwd, lxcpath ?? loadSystemConfig({ user: systemUser(context) }).lxcpath);
  }

  get directory(): string {
    return containerDirectory(this);
  }

  get configFile(): string {
    return configFile(this);
  }

  /** Whether its config file exists. */
  defined(): boolean {
    return existsSync(this.configFile);
  }

  async info(want: options.InfoWanted = {}): Promise<options.ContainerInfo> {
    return (await import('../container/observe/info.ts')).containerInfo(this, want);
  }

  /** The containers in it, `depth` levels down. */
  async nested(depth: number, want: options.InfoWanted = {}): Promise<options.NestedContainer[]> {
    return (await import('../container/observe/nested.ts')).nestedContainers(this, depth, want);
  }

  /** Why the last start failed, or how the last run ended. */
  async why(): Promise<options.WhyReport> {
    return (await import('../container/observe/why.ts')).whyReport(this);
  }

  /**
   * What is written down of it, by time: log, console, hooks, states, victims of the kernel's OOM
   * killer.
   */
  async logs(): Promise<options.LogLine[]> {
    return (await import('../container/observe/logs.ts')).containerLogs(this);
  }

  /** The same, and then whatever comes, until it is aborted. */
  async followLogs(onLines: (lines: options.LogLine[]) => void, signal: AbortSignal): Promise<void> {
    await (await import('../container/observe/logs.ts')).followLogs(this, onLines, signal);
  }

  async create(o: options.CreateOptions): Promise<void> {
    await (await import('../container/lifecycle/create.ts')).createContainer(this, {
      ...o,
      caller: this.#context,
    });
  }

  async destroy(o: options.DestroyOptions = {}): Promise<void> {
    const { destroyContainer } = await import('../container/lifecycle/destroy.ts');
    await destroyContainer(this, {
      ...o,
      caller: this.#context,
      stop: async () => void (await this.stop({ mode: 'kill' })),
    });
  }

  /** Starts it in the background; settles when its init runs. */
  async start(o: options.StartOptions = {}): Promise<options.StartResult> {
    return (await import('./start.ts')).start(this.#context, this, o);
  }

  /** What a start would do, made and checked without touching anything. */
  async plan(o: options.StartOptions = {}): Promise<options.PlanResult> {
    return (await import('./plan.ts')).plan(this.#context, this, o);
  }

  /** Everything that keeps it from starting, found without touching anything. */
  async check(o: options.StartOptions = {}): Promise<options.CheckResult> {
    return (await import('./check.ts')).check(this.#context, this, o);
  }

  /**
   * Writes settings into its own config file, and changes nothing else there. A running container
   * keeps what it has.
   */
  async setConfig(changes: readonly options.ConfigChange[]): Promise<void> {
    await (await import('./config.ts')).setConfig(this, changes);
  }

  /** Runs in the foreground until the container stops; its init's exit status. */
  async startForeground(o: options.ForegroundOptions): Promise<ExitStatus> {
    return (await import('./foreground.ts')).startForeground(this.#context, this, o);
  }

  /**
   * Runs one program, below an init of ours, until all of the container's processes have ended; its
   * exit status.
   */
  async execute(o: Parameters<typeof import('./execute.ts').execute>[2]): Promise<ExitStatus> {
    return (await import('./execute.ts')).execute(this.#context, this, o);
  }

  /** The same in the background; settles when the program runs. */
  async executeInBackground(o: options.ExecuteOptions = {}): Promise<options.StartResult> {
    return (await import('./execute.ts')).executeInBackground(this.#context, this, o);
  }

  async stop(o: options.StopOptions = {}): Promise<options.StopResult> {
    return await (await import('./stop.ts')).stop(this.#context, this, o);
  }

  /**
   * Settles when it is in one of the states, or with undefined when the seconds (-1: for ever) are
   * over.
   */
  async wait(states: readonly options.State[], seconds = -1): Promise<options.State | undefined> {
    return (await import('./wait.ts')).waitForState(this.#context, this, states, seconds);
  }

  /** Stops all its processes where they are; settles when they stand still. */
  async freeze(): Promise<void> {
    await (await import('./freeze.ts')).freeze(this.#context, this);
  }

  async unfreeze(): Promise<void> {
    await (await import('./freeze.ts')).unfreeze(this.#context, this);
  }

  /** The caller's terminal on one of the container's; how the session ended. */
  async console(o: options.ConsoleOptions): Promise<'detached' | 'closed'> {
    return (await import('./console.ts')).openConsole(this.#context, this, o);
  }

  /**
   * What the console of the running container printed last: as much as `lxc.console.buffer.size`
   * keeps.
   */
  async consoleLog(o: options.ConsoleLogOptions = {}): Promise<Buffer> {
    return (await import('./console.ts')).consoleLog(this.#context, this, o);
  }

  /** Runs a program inside and waits for its end. */
  async attach(o: options.AttachOptions): Promise<ExitStatus> {
    return (await import('./attach.ts')).attach(this.#context, this, o);
  }

  /** What a cgroup file of the running container says, in either version's spelling. */
  async cgroup(key: string): Promise<string> {
    return (await import('./cgroup.ts')).readCgroup(this, key);
  }

  /** Sets a limit of the running container; `save` writes it to its config too. */
  async setCgroup(key: string, value: string, o: { save?: boolean } = {}): Promise<options.CgroupChange> {
    return (await import('./cgroup.ts')).writeCgroup(this.#context, this, key, value, o.save ?? false);
  }

  /** Makes or removes a device node inside, and lets the container use it or not. */
  async device(change: options.DeviceChange): Promise<void> {
    await (await import('./device.ts')).changeDevice(this.#context, this, change);
  }

  /** Makes the next snapshot of the stopped container. */
  async snapshot(o: options.SnapshotOptions = {}): Promise<options.SnapshotInfo> {
    return (await import('../container/copies/snapshot.ts')).createSnapshot(this, o);
  }

  async snapshots(): Promise<options.SnapshotInfo[]> {
    return (await import('../container/copies/snapshot.ts')).listSnapshots(this);
  }

  /** Makes the container `to` out of this one. */
  async copy(to: ContainerRef, o: options.CloneOptions = {}): Promise<void> {
    await (await import('../container/copies/clone.ts')).cloneContainer(this, to, {
      ...o,
      caller: this.#context,
    });
  }

  /** Gives it another name, with its snapshots. */
  async rename(name: string, o: options.RenameOptions = {}): Promise<void> {
    await (await import('../container/copies/rename.ts')).renameContainer(this, name, o);
  }

  /** Puts all files of a container on layers back into its own directory; whether it was on any. */
  async flatten(o: options.CopyReports = {}): Promise<boolean> {
    return (await import('../container/copies/flatten.ts')).flattenContainer(this, o);
  }

  /** Brings a snapshot back, under a new name or in this container's place. */
  async restore(snapshot: string, o: options.RestoreOptions = {}): Promise<void> {
    await (await import('../container/copies/restore.ts')).restoreSnapshot(this, snapshot, {
      ...o,
      caller: this.#context,
    });
  }

  /** All that shares files with it or its snapshots, as a graph. */
  async storageTree(): Promise<options.TreeNode[]> {
    return (await import('../container/layers/tree.ts')).storageTree(this);
  }

  /** Puts it, or a snapshot of it, into one file. */
  async export(o: options.ExportOptions): Promise<options.ExportResult> {
    return (await import('../container/archive/export.ts')).exportContainer(this, o);
  }

  async destroySnapshot(snapshot: string | 'ALL'): Promise<void> {
    await (await import('../container/copies/snapshot.ts')).destroySnapshot(this, snapshot);
  }
}

/** What commands use of a container; their tests put another in its place. */
export type ContainerShape = { [K in keyof Container]: Container[K] };

function systemUser({ credentials, env }: RequestContext): { uid: number; home: string } {
  return { uid: credentials.uid, home: env.HOME || homedir() };
}
