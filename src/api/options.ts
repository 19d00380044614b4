/** What the methods of `Container` take and give. All of it is plain data but the streams. */
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
  /** Written with the pid of the container's init, removed at stop. */
  readonly pidFile?: string;
}

/** A start with a program below an init of ours. */
export interface ExecuteOptions extends Omit<StartOptions, 'init'> {
  /** Program with arguments, instead of `lxc.execute.cmd`. */
  readonly command?: readonly string[];
}

export interface StartResult {
  /** Host pid of the container's init. */
  readonly pid: number;
  /** From the manager's receipt of the request to init's execve. */
  readonly milliseconds: number;
  /** What the user should know and what did not stop the start. */
  readonly warnings: readonly TslxcError[];
}

/** What a start would do. */
export interface PlanResult {
  readonly plan: StartPlan;
  /** The cgroups that would be made. */
  readonly cgroups: readonly PlannedHierarchy[];
  /** Those of the start. */
  readonly warnings: readonly TslxcError[];
  /** What else of the host has a part in it, as sentences. */
  readonly notes: readonly string[];
}

/** One setting to be written to a config file. Null removes the lines of the key. */
export interface ConfigChange {
  readonly key: string;
  readonly value: string | null;
}

/** What is wrong with a container's config, and what else there is to say of it. */
export interface CheckResult {
  /** Each of them keeps the container from starting. */
  readonly errors: readonly TslxcError[];
  readonly warnings: readonly TslxcError[];
}

export interface StopOptions {
  readonly mode?: 'shutdown' | 'reboot' | 'kill';
  /**
   * Seconds to wait for a clean end, 60 unless given; -1 for ever; 0 sends the request and returns.
   */
  readonly timeout?: number;
  /** Whether to kill when the time is over (true unless given). */
  readonly killAfter?: boolean;
}

export interface StopResult {
  /** Init did not answer this signal in so many seconds and was killed. */
  readonly forced?: { readonly signal: number; readonly seconds: number };
}

/** The caller's side of a terminal. */
export interface TerminalEnds {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

export interface ConsoleOptions extends TerminalEnds {
  /** 0 the console, N a tty, -1 the first free one (the default). */
  readonly tty?: number;
  /** Escape prefix as `-e` takes it: `^a` or `a`. */
  readonly escape?: string;
  /** Told which tty it became, before the first byte. */
  onConnected?(tty: number): void;
}

export interface ConsoleLogOptions {
  /** Return what is kept (the default). */
  readonly read?: boolean;
  /** Forget it, after it was read. */
  readonly clear?: boolean;
}

export interface ForegroundOptions extends StartOptions, TerminalEnds {
  /** Where the console is shown with `lxc.console.logfile = /dev/stderr`; `output` unless given. */
  readonly errors?: NodeJS.WriteStream;
  /**
   * Which of 0, 1 and 2 are terminals: without a console init has the others itself. All of them
   * unless given.
   */
  readonly terminals?: readonly number[];
  readonly escape?: string;
  onStarted?(result: StartResult): void;
}

export interface AttachOptions {
  /** Program with arguments; empty: the login shell. */
  readonly command?: readonly string[];
  /**
   * Environment of the program as `NAME=VALUE`: the whole of it but for what the container's config
   * adds.
   */
  readonly env?: readonly string[];
  /** Variables that win over those of the config. */
  readonly setEnv?: readonly string[];
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** CLONE_NEW* bits to join instead of all. */
  readonly namespaces?: number;
  readonly keepCapabilities?: boolean;
  readonly keepCgroup?: boolean;
  readonly keepLsm?: boolean;
  /** Config file whose environment settings count instead of the container's. */
  readonly rcfile?: string;
  /** Whether the program sees a machine of 32 or of 64 bits, instead of what the container does. */
  readonly bits?: 32 | 64;
  /** SELinux context. */
  readonly context?: string;
  readonly remountProcSys?: boolean;
  /** Copy of what the pty shows. */
  readonly ptyLog?: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly size?: WindowSize;
}

export type { ExportOptions, ExportResult } from '../container/archive/export.ts';
export type { ImportOptions } from '../container/archive/import.ts';
export type { CloneOptions } from '../container/copies/clone.ts';
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
  /** Where the kernel took something else. */
  readonly notes: readonly CgroupNote[];
  readonly saved: boolean;
}

export interface DeviceChange {
  readonly action: 'add' | 'del';
  /** Device node of the host's. */
  readonly device: string;
  /** Where it is inside; the same path unless given. */
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
