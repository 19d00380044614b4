/**
 * Parameters and results of the methods of `Container`. All of it is plain data but the streams.
 */
import type { CgroupNote } from '../cgroup/container-cgroup.ts';
import type { PlannedHierarchy } from '../cgroup/plan.ts';
import type { StartPlan } from '../container/plan/start-plan.ts';
import type { TslxcError } from '../errors/tslxc-error.ts';
import type { WindowSize } from '../kernel/structs.ts';

export interface StartOptions {
  /** Config file instead of `LXCPATH/NAME/config`. */
  readonly rcfile?: string;
  /** `KEY=VALUE` settings applied after the file. */
  readonly defines?: readonly string[];
  /** Init program with arguments, instead of `lxc.init.cmd` or /sbin/init. */
  readonly init?: readonly string[];
  /** Copy of the console's output, instead of `lxc.console.logfile`. */
  readonly consoleLog?: string;
  /** File that gets the pid of the container's init, removed at the stop. */
  readonly pidFile?: string;
}

/** A start with a program below tslxc's own init. */
export interface ExecuteOptions extends Omit<StartOptions, 'init'> {
  /** Program with arguments, instead of `lxc.execute.cmd`. */
  readonly command?: readonly string[];
}

export interface StartResult {
  /** Host pid of the container's init. */
  readonly pid: number;
  /** From the manager's receipt of the request to init's execve(2). */
  readonly milliseconds: number;
  /** Remarks for the user that did not stop the start. */
  readonly warnings: readonly TslxcError[];
}

/** The plan of a start. */
export interface PlanResult {
  readonly plan: StartPlan;
  /** The cgroups that the start would make. */
  readonly cgroups: readonly PlannedHierarchy[];
  /** The warnings of the start. */
  readonly warnings: readonly TslxcError[];
  /** Other parts of the host that take part in the start, as sentences. */
  readonly notes: readonly string[];
}

/** A setting to be written to a config file. Null removes the lines of the key. */
export interface ConfigChange {
  readonly key: string;
  readonly value: string | null;
}

/** Errors in a container's config, and remarks about it. */
export interface CheckResult {
  /** Each error prevents the start. */
  readonly errors: readonly TslxcError[];
  readonly warnings: readonly TslxcError[];
}

export interface StopOptions {
  readonly mode?: 'shutdown' | 'reboot' | 'kill';
  /**
   * Seconds to wait for a clean end, 60 by default; -1 has no limit; 0 sends the request and
   * returns.
   */
  readonly timeout?: number;
  /** Whether to kill init when the time is over; true by default. */
  readonly killAfter?: boolean;
}

export interface StopResult {
  /** Init did not answer this signal within these seconds and was killed. */
  readonly forced?: { readonly signal: number; readonly seconds: number };
}

/** The caller's side of a terminal. */
export interface TerminalEnds {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

export interface ConsoleOptions extends TerminalEnds {
  /** 0 is the console, N a tty, -1 the first free tty (the default). */
  readonly tty?: number;
  /** Escape prefix as `-e` takes it: `^a` or `a`. */
  readonly escape?: string;
  /** Called with the number of the tty, before the first byte. */
  onConnected?(tty: number): void;
}

export interface ConsoleLogOptions {
  /** Return the kept output (the default). */
  readonly read?: boolean;
  /** Discard the kept output, after it was read. */
  readonly clear?: boolean;
}

export interface ForegroundOptions extends StartOptions, TerminalEnds {
  /** Stream of the console with `lxc.console.logfile = /dev/stderr`; `output` by default. */
  readonly errors?: NodeJS.WriteStream;
  /**
   * Which of 0, 1 and 2 are terminals: without a console init gets the other streams itself. All
   * are terminals by default.
   */
  readonly terminals?: readonly number[];
  readonly escape?: string;
  onStarted?(result: StartResult): void;
}

export interface AttachOptions {
  /** Program with arguments; empty: the login shell. */
  readonly command?: readonly string[];
  /** Environment of the program as `NAME=VALUE`. The container's config adds to it. */
  readonly env?: readonly string[];
  /** Variables that override those of the config. */
  readonly setEnv?: readonly string[];
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** CLONE_NEW* bits of the namespaces to join; all by default. */
  readonly namespaces?: number;
  readonly keepCapabilities?: boolean;
  readonly keepCgroup?: boolean;
  readonly keepLsm?: boolean;
  /** Config file whose environment settings replace the container's. */
  readonly rcfile?: string;
  /** Whether the program sees a machine of 32 or of 64 bits; as the container by default. */
  readonly bits?: 32 | 64;
  /** SELinux context. */
  readonly context?: string;
  readonly remountProcSys?: boolean;
  /** File that gets a copy of the pty's output. */
  readonly ptyLog?: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly size?: WindowSize;
}

export type { ExportOptions, ExportResult } from '../container/archive/export.ts';
export type { ImportOptions } from '../container/archive/import.ts';
export type { CloneOptions } from '../container/copies/clone.ts';
export type { CopyPlan } from '../container/copies/copy-plan.ts';
export type { CopyReports } from '../container/copies/copy-rootfs.ts';
export type { RenameOptions } from '../container/copies/rename.ts';
export type { RestoreOptions } from '../container/copies/restore.ts';
export type { SnapshotInfo, SnapshotOptions } from '../container/copies/snapshot.ts';
export type { HostCheck, HostCheckItem } from './host-check/check-host.ts';
/** A limit that was set. */
export interface CgroupChange {
  /** The whole config key. */
  readonly key: string;
  readonly value: string;
  /** Values that the kernel rounded or changed. */
  readonly notes: readonly CgroupNote[];
  readonly saved: boolean;
}

/** A nic of a running container. */
export interface NicInfo {
  /** N of `lxc.net.N`. */
  readonly nic: number;
  readonly type: string;
  /** Name inside. */
  readonly name?: string | undefined;
  readonly link?: string | undefined;
  /** Name of the interface on the host. */
  readonly host?: string | undefined;
}

export interface PortChange {
  /** As in `lxc.net.N.publish`: `8080:80`, `127.0.0.1:5432/tcp`. */
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  /** N of `lxc.net.N`; by default the first nic of type veth. */
  readonly nic?: number;
  /** Writes it to the config as well. */
  readonly save?: boolean;
}

/** A port of the host that leads to the container. */
export interface PublishedPortInfo {
  readonly nic: number;
  /** In the form of `lxc.net.N.publish`. */
  readonly port: string;
  /** Addresses of the container; none until it has one. */
  readonly targets: readonly string[];
}

export interface DeviceChange {
  readonly action: 'add' | 'del';
  /** Device node of the host. */
  readonly device: string;
  /** Path inside; by default the same path. */
  readonly path?: string;
}

export type { TreeNode } from '../container/layers/tree.ts';
export type { StorageFault } from '../container/lifecycle/check-storage.ts';
export type { CreateOptions } from '../container/lifecycle/create.ts';
export type { DestroyOptions } from '../container/lifecycle/destroy.ts';
export type { ContainerInfo, InfoWanted, NicStatistics } from '../container/observe/info.ts';
export type { LogLine } from '../container/observe/logs.ts';
export type { NestedContainer } from '../container/observe/nested.ts';
export type { ContainerUsage } from '../container/observe/usage.ts';
export type { WhyReport } from '../container/observe/why.ts';
export type { LogSource } from '../container/state/log-sources.ts';
export type { State } from '../container/state/state.ts';
