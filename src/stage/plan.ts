/**
 * What a stage is told: plain data, made by the manager from the config. The stage decides nothing;
 * it does these things in the order in which it finds them (bubblewrap's list of operations,
 * nspawn's table of mounts).
 */
import type { NamespaceName } from '../config/values/namespace.ts';
import type { IdMapEntry, NamespaceOwner } from '../security/id-map.ts';

/** A mount below the root filesystem. `target` is relative to it and resolved inside it only. */
export interface MountStep {
  /** Words for the log and for an error: `mount /proc`. */
  readonly what: string;
  /** Config line that asked for it. */
  readonly origin?: { readonly file: string; readonly line: number };
  readonly kind: 'filesystem' | 'bind' | 'inner' | 'readonly';
  /**
   * `filesystem`: its source; `bind`: a path on the host; `inner`: one in the container, to be
   * bound.
   */
  readonly source: string;
  readonly target: string;
  readonly fstype: string;
  /** MS_* of mount(2); for `bind` those that can be set on a bind mount are. */
  readonly flags: number;
  readonly data: string;
  /** MS_PRIVATE, MS_SLAVE … (with MS_REC), 0 for none. */
  readonly propagation: number;
  readonly create?: 'dir' | 'file';
  /** A failure is logged and passed over. */
  readonly optional: boolean;
  /** `readonly`: parts below `target` that stay writable. */
  readonly except?: readonly string[];
  /**
   * `bind`: whose owners are mapped, by the container's ids (`container`) or those of a user
   * namespace (its path).
   */
  readonly idmap?: string;
}

export interface DevicePlan {
  /** Size of the tmpfs on /dev, bytes. */
  readonly size: number;
  /** Nodes to make: name, major, minor. */
  readonly nodes: readonly { name: string; major: number; minor: number }[];
}

export interface HookCommand {
  readonly type: string;
  readonly command: string;
  readonly origin: { readonly file: string; readonly line: number };
}

/** How hooks run in the stage: as the caller of the start would run them. */
export interface HookSurroundings {
  /** For programs of the host. */
  readonly env: readonly string[];
  /** For `start` hooks, which are programs of the guest. */
  readonly guestEnv: readonly string[];
  readonly cwd: string;
  readonly umask: number;
}

/** What the root filesystem is on. Paths are the host's. */
export type RootfsVolume =
  | { readonly kind: 'tree'; readonly path: string }
  /** Without a type it is found out. */
  | { readonly kind: 'block'; readonly device: string; readonly fstype?: string }
  | { readonly kind: 'loop'; readonly file: string }
  | {
      readonly kind: 'overlay';
      /** The topmost first. */
      readonly lowers: readonly string[];
      /** Names in `work.directory`. */
      readonly upper: string;
      readonly work: { readonly directory: string; readonly name: string };
      /**
       * Where the host sees the files (src/storage/rootfs-view.ts); undefined where it does not.
       */
      readonly view?: string;
    };

/** A seccomp filter in base64, and whether it puts system calls to a proxy. */
export interface SeccompLoad {
  readonly filter: string;
  readonly notify: boolean;
}

export interface ResourceLimit {
  readonly resource: number;
  /** Null: unlimited. */
  readonly soft: number | null;
  readonly hard: number | null;
  readonly origin?: { readonly file: string; readonly line: number };
}

/** A foreign namespace that the container is in. */
export interface JoinedNamespace {
  readonly name: NamespaceName;
  /** Where the manager opens it. */
  readonly path: string;
  /** `net:[4026531840]`: which one it was when the start was planned. */
  readonly link: string;
}

/** How far a clock of a time namespace is off the host's. Nanoseconds are never negative. */
export interface ClockOffset {
  readonly clock: 'monotonic' | 'boottime';
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly origin: { readonly file: string; readonly line: number };
}

export interface StartStagePlan {
  readonly name: string;
  readonly hostname?: string;
  /** CLONE_NEW* to unshare, without NEWUSER. */
  readonly namespaces: number;
  readonly joined: readonly JoinedNamespace[];
  readonly clockOffsets: readonly ClockOffset[];
  /** The id map of the user namespace, new or joined; empty without one. */
  readonly idmap: readonly IdMapEntry[];
  readonly rootfs: {
    /** What the config names, for messages. */
    readonly source: string;
    readonly volume: RootfsVolume;
    /** Where it is mounted on the host side of the pivot, seen by hooks. */
    readonly mountPoint: string;
    readonly flags: number;
    /** Options for the filesystem itself; a directory has none. */
    readonly data: string;
    /** Writes go to memory instead. */
    readonly inMemory: boolean;
    readonly origin?: { readonly file: string; readonly line: number };
    /** User namespace (its path) by which owners are mapped, instead of the container's own. */
    readonly idmap?: string;
  };
  readonly mounts: readonly MountStep[];
  readonly dev?: DevicePlan;
  /** Largest number of ptys in the container's devpts; 0 for no devpts. */
  readonly ptyMax: number;
  readonly ttys: number;
  /** Directory below /dev for console and ttys, or empty. */
  readonly ttyDir: string;
  readonly console: boolean;
  readonly hooks: readonly HookCommand[];
  readonly hookVersion: 0 | 1;
  /** Variables of the config for hooks. */
  readonly hookEnv: readonly string[];
  /** Known when a start acts on the plan. */
  readonly hookSurroundings?: HookSurroundings;
  readonly sysctls: readonly {
    readonly name: string;
    readonly value: string;
    readonly origin: { readonly file: string; readonly line: number };
  }[];
  readonly rlimits: readonly ResourceLimit[];
  readonly personality?: number;
  readonly capabilities: readonly number[];
  readonly noNewPrivileges: boolean;
  readonly seccomp?: SeccompLoad;
  /** Whether it gets a session keyring of its own. */
  readonly sessionKeyring: boolean;
  /** Whether only its own processes share the hardware threads of a core with it. */
  readonly coreScheduling: boolean;
  /** Limit of open files to go back to; null where `rlimits` sets it. */
  readonly nofile: { readonly soft: number; readonly hard: number } | null;
  readonly init: {
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly uid: number;
    readonly gid: number;
    readonly groups: readonly number[];
    /** Signal for init when the process dies that looks after it; 0: none. */
    readonly parentDeath: number;
    /** The program runs below tslxc's own init. `onConsole`: which of 0, 1, 2 are the console. */
    readonly supervised?: { readonly onConsole: readonly number[] };
  };
}

/**
 * Descriptors of the stage's own: namespaces to enter (`user`: the container's, made for it or
 * shared), the user namespace whose map the layers get that the host sees as well (`layers`), and
 * what becomes 0, 1 and 2 of a supervised program.
 */
export type StartDescriptors = Partial<
  Record<NamespaceName | 'layers' | 'stdin' | 'stdout' | 'stderr', number>
>;

export interface AttachStagePlan {
  readonly name: string;
  /** CLONE_NEW* to join. */
  readonly namespaces: number;
  readonly cgroupFiles: readonly string[];
  readonly remountProcSys: boolean;
  /** Whether it gets a session keyring of its own: never the manager's. */
  readonly sessionKeyring: boolean;
  /** Host pid of a process whose cores it may share; null for all. */
  readonly coresOf: number | null;
  /** Null keeps all that the caller has (`-e CAP`). */
  readonly capabilities: readonly number[] | null;
  readonly noNewPrivileges: boolean;
  readonly seccomp?: SeccompLoad;
  readonly rlimits: readonly ResourceLimit[];
  readonly groups: readonly number[];
  readonly personality?: number;
  readonly uid: number;
  readonly gid: number;
  /** Empty: the login shell of the user. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** Which of 0, 1, 2 becomes the controlling terminal. */
  readonly terminal: number | null;
  /** With CLONE_NEWUSER: the ids that the stage takes in it. */
  readonly owner: NamespaceOwner;
  /** SELinux context of the program. */
  readonly context?: string;
  readonly nofile: { readonly soft: number; readonly hard: number } | null;
}

/** Who is asked about system calls of a container. */
export interface ProxyStagePlan {
  /** Path, or `@NAME`. */
  readonly socket: string;
  readonly cookie: string;
  /** Host pid of the container's init. */
  readonly init: number;
  /** Whether a socket without a server is an error. */
  readonly mustAnswer: boolean;
  readonly origin: { readonly file: string; readonly line: number };
}

/** A device node of a running container. */
export interface DeviceStagePlan {
  readonly action: 'add' | 'del';
  /** Inside. */
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /**
   * Whether the container has a user namespace. A node made in it would not open, so the host's
   * node is bound.
   */
  readonly owner?: NamespaceOwner;
}
