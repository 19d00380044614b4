/** A container as an object with methods. Every command is a thin shell around it. */

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
 * A container by name, whether or not it is defined or running. Methods throw TslxcError. A
 * method's code is loaded at its first call.
 */
export class Container implements ContainerRef {
  readonly name: string;
  /** The container directory; by default `lxc.lxcpath` of the system file. */
  readonly lxcpath: string;

  readonly #context: RequestContext;

  /**
   * @param context the caller on whose behalf the methods work; by default this process
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

  /** Whether the config file exists. */
  defined(): boolean {
    return existsSync(this.configFile);
  }

  async info(want: options.InfoWanted = {}): Promise<options.ContainerInfo> {
    return (await import('../container/observe/info.ts')).containerInfo(this, want);
  }

  /** The containers inside, `depth` levels down. */
  async nested(depth: number, want: options.InfoWanted = {}): Promise<options.NestedContainer[]> {
    return (await import('../container/observe/nested.ts')).nestedContainers(this, depth, want);
  }

  /** Why the last start failed, or how the last run ended. */
  async why(): Promise<options.WhyReport> {
    return (await import('../container/observe/why.ts')).whyReport(this);
  }

  /**
   * All records about the container by time: log, console, hooks, states, victims of the kernel's
   * OOM killer.
   */
  async logs(): Promise<options.LogLine[]> {
    return (await import('../container/observe/logs.ts')).containerLogs(this);
  }

  /** The same records, and then new lines until `signal` is aborted. */
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

  /** Starts the container in the background; settles when its init runs. */
  async start(o: options.StartOptions = {}): Promise<options.StartResult> {
    return (await import('./start.ts')).start(this.#context, this, o);
  }

  /** The plan of a start, checked on this host without changing anything. */
  async plan(o: options.StartOptions = {}): Promise<options.PlanResult> {
    return (await import('./plan.ts')).plan(this.#context, this, o);
  }

  /** Everything that prevents a start, found without changing anything. */
  async check(o: options.StartOptions = {}): Promise<options.CheckResult> {
    return (await import('./check.ts')).check(this.#context, this, o);
  }

  /**
   * Writes settings into the container's config file, and changes nothing else there. A running
   * container keeps its settings.
   */
  async setConfig(changes: readonly options.ConfigChange[]): Promise<void> {
    await (await import('./config.ts')).setConfig(this, changes);
  }

  /** Runs the container in the foreground until it stops; the exit status of its init. */
  async startForeground(o: options.ForegroundOptions): Promise<ExitStatus> {
    return (await import('./foreground.ts')).startForeground(this.#context, this, o);
  }

  /**
   * Runs a program below tslxc's own init until all processes of the container have ended; the
   * program's exit status.
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
   * Settles when the container is in one of the states, or with undefined after `seconds` (-1: no
   * limit).
   */
  async wait(states: readonly options.State[], seconds = -1): Promise<options.State | undefined> {
    return (await import('./wait.ts')).waitForState(this.#context, this, states, seconds);
  }

  /** Freezes all processes of the container; settles when they stand still. */
  async freeze(): Promise<void> {
    await (await import('./freeze.ts')).freeze(this.#context, this);
  }

  async unfreeze(): Promise<void> {
    await (await import('./freeze.ts')).unfreeze(this.#context, this);
  }

  /** Connects the caller's terminal with a terminal of the container; how the session ended. */
  async console(o: options.ConsoleOptions): Promise<'detached' | 'closed'> {
    return (await import('./console.ts')).openConsole(this.#context, this, o);
  }

  /** The console's last output: as much as `lxc.console.buffer.size` keeps. */
  async consoleLog(o: options.ConsoleLogOptions = {}): Promise<Buffer> {
    return (await import('./console.ts')).consoleLog(this.#context, this, o);
  }

  /** Runs a program inside and waits for its end. */
  async attach(o: options.AttachOptions): Promise<ExitStatus> {
    return (await import('./attach.ts')).attach(this.#context, this, o);
  }

  /** Reads a cgroup file of the running container, in either version's spelling. */
  async cgroup(key: string): Promise<string> {
    return (await import('./cgroup.ts')).readCgroup(this, key);
  }

  /** Sets a limit of the running container; `save` writes it to the config as well. */
  async setCgroup(key: string, value: string, o: { save?: boolean } = {}): Promise<options.CgroupChange> {
    return (await import('./cgroup.ts')).writeCgroup(this.#context, this, key, value, o.save ?? false);
  }

  /** Makes or removes a device node inside, and allows or denies the device to the container. */
  async device(change: options.DeviceChange): Promise<void> {
    await (await import('./device.ts')).changeDevice(this.#context, this, change);
  }

  /** Gives the running container a nic; `settings` are `KEY=VALUE`, as after `lxc.net.N.`. */
  async attachNic(settings: readonly string[], o: { save?: boolean } = {}): Promise<options.NicInfo> {
    return (await import('./nics.ts')).attachNic(this.#context, this, settings, o.save ?? false);
  }

  /** Takes a nic away, by number or name inside; an interface of the host returns there. */
  async detachNic(nic: string, o: { save?: boolean } = {}): Promise<options.NicInfo> {
    return (await import('./nics.ts')).detachNic(this.#context, this, nic, o.save ?? false);
  }

  /** The nics of the running container. */
  async nics(): Promise<options.NicInfo[]> {
    return (await import('./nics.ts')).listNics(this);
  }

  /** Publishes ports of the running container, or withdraws them; all that it publishes then. */
  async publish(change: options.PortChange = {}): Promise<options.PublishedPortInfo[]> {
    return (await import('./ports.ts')).changePublished(this.#context, this, change);
  }

  /** Makes the next snapshot of the stopped container. */
  async snapshot(o: options.SnapshotOptions = {}): Promise<options.SnapshotInfo> {
    return (await import('../container/copies/snapshot.ts')).createSnapshot(this, o);
  }

  async snapshots(): Promise<options.SnapshotInfo[]> {
    return (await import('../container/copies/snapshot.ts')).listSnapshots(this);
  }

  /** Copies the container to `to`. */
  async copy(to: ContainerRef, o: options.CloneOptions = {}): Promise<void> {
    await (await import('../container/copies/clone.ts')).cloneContainer(this, to, {
      ...o,
      caller: this.#context,
    });
  }

  /** How `copy` would make the root filesystem; undefined where there is none. Nothing is made. */
  async planCopy(to: ContainerRef, o: options.CloneOptions = {}): Promise<options.CopyPlan | undefined> {
    return (await import('../container/copies/clone.ts')).planClone(this, to, o);
  }

  /** Renames the container, with its snapshots. */
  async rename(name: string, o: options.RenameOptions = {}): Promise<void> {
    await (await import('../container/copies/rename.ts')).renameContainer(this, name, o);
  }

  /**
   * Copies all files of a container on layers into its own directory; whether it was on any layer.
   */
  async flatten(o: options.CopyReports = {}): Promise<boolean> {
    return (await import('../container/copies/flatten.ts')).flattenContainer(this, o);
  }

  /** Restores a snapshot, under a new name or in place of this container. */
  async restore(snapshot: string, o: options.RestoreOptions = {}): Promise<void> {
    await (await import('../container/copies/restore.ts')).restoreSnapshot(this, snapshot, {
      ...o,
      caller: this.#context,
    });
  }

  /** Everything that shares files with the container or its snapshots, as a graph. */
  async storageTree(): Promise<options.TreeNode[]> {
    return (await import('../container/layers/tree.ts')).storageTree(this);
  }

  /** Exports the container, or a snapshot of it, into one file. */
  async export(o: options.ExportOptions): Promise<options.ExportResult> {
    return (await import('../container/archive/export.ts')).exportContainer(this, o);
  }

  async destroySnapshot(snapshot: string | 'ALL'): Promise<void> {
    await (await import('../container/copies/snapshot.ts')).destroySnapshot(this, snapshot);
  }
}

/** The part of a container that commands use; their tests replace it. */
export type ContainerShape = { [K in keyof Container]: Container[K] };

function systemUser({ credentials, env }: RequestContext): { uid: number; home: string } {
  return { uid: credentials.uid, home: env.HOME || homedir() };
}
