/**
 * What the library takes and gives. Plain data and web-standard types; nothing of the program's
 * inside.
 */
import type { Readable, Writable } from 'node:stream';
import type { TslxcError } from './errors.ts';

/** LXC's states; FREEZING and THAWED pass so quickly that only events show them. */
export type State =
  | 'STOPPED'
  | 'STARTING'
  | 'RUNNING'
  | 'STOPPING'
  | 'ABORTING'
  | 'FREEZING'
  | 'FROZEN'
  | 'THAWED';

export interface Cancellable {
  /** Ends the wait. The promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How a program ended: one of the two is null. */
export interface ExitStatus {
  readonly code: number | null;
  /** Number of the signal that killed the program. */
  readonly signal: number | null;
}

/**
 * Settings in the words of a programmer; each becomes one or more `lxc.*` lines of the container's
 * config.
 */
export interface Settings {
  /** Limit of memory: bytes, or text with K, M, G or T (powers of 1024). */
  readonly memory?: number | string | undefined;
  /** Processor time: 1.5 is one and a half processors. */
  readonly cpus?: number | undefined;
  /** Processors that may be used, as `0-3,6`. */
  readonly cpuSet?: string | undefined;
  /** Most processes and threads. */
  readonly pids?: number | undefined;
  /** Host name inside. @default the container's name */
  readonly hostname?: string | undefined;
  /**
   * `bridge`: a network card on the default bridge; `none`: only a loopback; `host`: the host's own
   * network; any other text: the name of a bridge. @default what default.conf says
   */
  readonly network?: string | undefined;
  /** Variables of init and of attached programs. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Directories or files of the host that the container sees. */
  readonly mounts?: readonly BindMount[] | undefined;
  /** Start with the host. @default false */
  readonly autostart?: boolean | undefined;
  /**
   * First host id of a range of `count` (65,536 by default) that the container's ids are mapped to.
   */
  readonly idmap?: { readonly first: number; readonly count?: number } | undefined;
  /** Any other keys of tslxc.container.conf(5); a list writes several lines. */
  readonly lxc?: Readonly<Record<string, string | readonly string[]>> | undefined;
}

export interface BindMount {
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path inside; made if missing. */
  readonly target: string;
  /** @default false */
  readonly readOnly?: boolean | undefined;
}

export interface ContainerOptions {
  /**
   * Directory that holds the container's directory. @default `lxc.lxcpath` of tslxc.conf, else
   * /var/lib/tslxc
   */
  readonly lxcpath?: string | undefined;
}

export interface CreateOptions extends ContainerOptions, Cancellable {
  /** Name of a template or absolute path of one. */
  readonly template: string;
  /** Arguments of the template, as behind `--` of tslxc-create. @default [] */
  readonly templateArgs?: readonly string[] | undefined;
  /** Config file to begin with. @default `lxc.default_config` of tslxc.conf */
  readonly config?: string | undefined;
  readonly settings?: Settings | undefined;
  /** Called for each big step, with a short sentence. */
  onStep?(text: string): void;
  /** Called for each line that the template prints. */
  onLine?(text: string): void;
}

export interface EphemeralOptions extends ContainerOptions, Cancellable {
  /** Template that the image is made with when it is needed for the first time. */
  readonly image?: string | undefined;
  /** Arguments of that template. An image is kept for each list of arguments. @default [] */
  readonly imageArgs?: readonly string[] | undefined;
  /** Existing container to copy, instead of an image. */
  readonly from?: string | undefined;
  readonly settings?: Settings | undefined;
  /** @default a name with six random characters */
  readonly name?: string | undefined;
}

export interface StartOptions extends Cancellable {
  /** Init program with arguments. @default `lxc.init.cmd` of the config, else /sbin/init */
  readonly init?: readonly string[] | undefined;
  /** Settings of this run alone. */
  readonly settings?: Settings | undefined;
}

export interface StartResult {
  /** Pid of the container's init on the host. */
  readonly pid: number;
  /** From the manager's receipt of the request to init's execve, in milliseconds. */
  readonly milliseconds: number;
  /** Facts that the caller should know and that did not stop the start. */
  readonly warnings: readonly TslxcError[];
}

export interface StopOptions extends Cancellable {
  /**
   * `shutdown` asks init to halt, `reboot` to restart, `kill` ends all processes. @default
   * 'shutdown'
   */
  readonly mode?: 'shutdown' | 'reboot' | 'kill' | undefined;
  /** Seconds that a clean end may take; then the container is killed. @default 60 */
  readonly timeout?: number | undefined;
}

export interface WaitOptions extends Cancellable {
  /** Seconds. @default no limit */
  readonly timeout?: number | undefined;
}

export interface DestroyOptions {
  /** Kill the container first if it runs. @default false */
  readonly force?: boolean | undefined;
  /** Destroy its snapshots, too. @default false */
  readonly snapshots?: boolean | undefined;
}

export interface ExecOptions extends Cancellable {
  /**
   * Environment of the program: a PATH, HOME and TERM, these, and what the config adds. @default {}
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Working directory inside. @default '/' */
  readonly cwd?: string | undefined;
  /** User and group ids inside. @default 0 */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface RunOptions extends ExecOptions {
  /** What the program reads. @default nothing */
  readonly input?: string | Uint8Array | undefined;
  /**
   * Most bytes of each stream; a program that prints more is killed and the call rejects. @default
   * 64 MiB
   */
  readonly maxBuffer?: number | undefined;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code as a shell has it: 128 and the number for a program that a signal killed. */
  readonly exitCode: number;
}

/** A program that runs in the container. */
export interface ContainerProcess {
  /** Pid on the host. */
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the program has ended. */
  readonly exit: Promise<ExitStatus>;
  /** @param signal number or name, as `SIGTERM` (the default) */
  kill(signal?: number | NodeJS.Signals): Promise<void>;
}

export interface Address {
  readonly interface: string;
  readonly family: 'inet' | 'inet6';
  readonly address: string;
}

export interface ContainerInfo {
  readonly name: string;
  readonly state: State;
  /** Pid of init on the host, while the container runs. */
  readonly pid?: number | undefined;
  readonly addresses: readonly Address[];
  readonly autostart: boolean;
  readonly groups: readonly string[];
  /** Whether the container's root is another user on the host. */
  readonly unprivileged: boolean;
  readonly memoryBytes?: number | undefined;
  readonly cpuNanoseconds?: number | undefined;
  readonly oomKills?: number | undefined;
}

export interface Snapshot {
  /** `snap0`, `snap1` … */
  readonly name: string;
  readonly created: Date;
  readonly comment?: string | undefined;
}

/** What happened to a container. */
export type ContainerEvent =
  | {
      readonly type: 'state';
      readonly time: Date;
      readonly name: string;
      readonly lxcpath: string;
      readonly state: State;
      /** Why, in words, where that is known. */
      readonly reason?: string | undefined;
    }
  | {
      readonly type: 'exit';
      readonly time: Date;
      readonly name: string;
      readonly lxcpath: string;
      /** Undefined where the status was lost. */
      readonly status?: ExitStatus | undefined;
      /** How the run ended, in words. */
      readonly reason: string;
    };

export interface EventOptions extends Cancellable {
  /** Container directories to watch. @default that of tslxc.conf */
  readonly lxcpaths?: readonly string[] | undefined;
}
