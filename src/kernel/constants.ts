/**
 * Numbers of the kernel's ABI. Sources: include/uapi/linux and, where they differ,
 * arch/{x86,arm64}/include/uapi.
 */

/** System call numbers. From 424 up they are the same on every architecture. */
const BY_ARCH = {
  x64: {
    pivot_root: 155,
    capget: 125,
    capset: 126,
    bpf: 321,
    keyctl: 250,
    setgroups: 116,
    seccomp: 317,
    set_tid_address: 218,
  },
  arm64: {
    pivot_root: 41,
    capget: 90,
    capset: 91,
    bpf: 280,
    keyctl: 219,
    setgroups: 159,
    seccomp: 277,
    set_tid_address: 96,
  },
} as const;

export const SYS = {
  ...BY_ARCH[process.arch as keyof typeof BY_ARCH],
  pidfd_send_signal: 424,
  open_tree: 428,
  move_mount: 429,
  pidfd_open: 434,
  clone3: 435,
  close_range: 436,
  openat2: 437,
  pidfd_getfd: 438,
  mount_setattr: 442,
  quotactl_fd: 443,
} as const;

export const CLONE = {
  VM: 0x100,
  FS: 0x200,
  VFORK: 0x4000,
  PARENT: 0x8000,
  PARENT_SETTID: 0x100000,
  CHILD_SETTID: 0x1000000,
  NEWTIME: 0x80,
  NEWNS: 0x20000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;

/** A flag of clone3(2) only. */
export const CLONE_INTO_CGROUP = 0x200000000n;

/**
 * Where a `ucontext_t` of glibc has the stack pointer: `REG_RSP` and `sp`. Source: sys/ucontext.h.
 */
export const STACK_POINTER_IN_CONTEXT = ({ x64: 160, arm64: 432 } as Partial<Record<string, number>>)[
  process.arch
];

/** mount(2) flags. */
export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOSYMFOLLOW: 256,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  SILENT: 32768,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
  LAZYTIME: 1 << 25,
} as const;

export const MNT_DETACH = 2;
export const UMOUNT_NOFOLLOW = 8;

/** mount_setattr(2) attributes. */
export const MOUNT_ATTR = {
  RDONLY: 0x1,
  NOSUID: 0x2,
  NODEV: 0x4,
  NOEXEC: 0x8,
  NOATIME: 0x10,
  STRICTATIME: 0x20,
  ATIME_MASK: 0x70,
  NODIRATIME: 0x80,
  IDMAP: 0x100000,
  NOSYMFOLLOW: 0x200000,
} as const;

export const OPEN_TREE_CLONE = 1;
export const MOVE_MOUNT = { F_EMPTY_PATH: 4, T_SYMLINKS: 0x10, T_EMPTY_PATH: 0x40 } as const;

export const AT = { FDCWD: -100, SYMLINK_NOFOLLOW: 0x100, RECURSIVE: 0x8000, EMPTY_PATH: 0x1000 } as const;

/**
 * open(2) flags that Node does not export; O_DIRECTORY and O_NOFOLLOW differ between architectures.
 */
const arm = process.arch === 'arm64';
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  ASYNC: 0o20000,
  DIRECTORY: arm ? 0o40000 : 0o200000,
  NOFOLLOW: arm ? 0o100000 : 0o400000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

/** openat2(2) resolve flags. */
export const RESOLVE = { NO_XDEV: 1, NO_MAGICLINKS: 2, NO_SYMLINKS: 4, BENEATH: 8, IN_ROOT: 16 } as const;

export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;

export const PR = {
  SET_PDEATHSIG: 1,
  SET_DUMPABLE: 4,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  CAPBSET_READ: 23,
  CAPBSET_DROP: 24,
  SET_CHILD_SUBREAPER: 36,
  SET_NO_NEW_PRIVS: 38,
  CAP_AMBIENT: 47,
  CAP_AMBIENT_CLEAR_ALL: 4,
  SCHED_CORE: 62,
} as const;

export const SIG = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  XFSZ: 25,
  WINCH: 28,
  PWR: 30,
} as const;

export const WNOHANG = 1;
/** Flags of eventfd(2). */
export const EFD = { NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
export const F = { SETFD: 2, GETFL: 3, SETFL: 4, SETOWN: 8, SETSIG: 10, DUPFD_CLOEXEC: 1030 } as const;
export const FD_CLOEXEC = 1;
export const MADV_DOFORK = 11;
export const LOCK = { SH: 1, EX: 2, NB: 4, UN: 8 } as const;

/** poll(2) events. */
export const POLL = { IN: 1, OUT: 4, ERR: 8, HUP: 16, NVAL: 32 } as const;

/** Terminal ioctls (the same on x86-64 and arm64). */
export const TIOC = {
  SCTTY: 0x540e,
  GWINSZ: 0x5413,
  SWINSZ: 0x5414,
  NOTTY: 0x5422,
  GPTN: 0x80045430,
  SPTLCK: 0x40045431,
  GPTPEER: 0x5441,
} as const;

export const RLIMIT = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

export const AF = { UNIX: 1, INET: 2, BRIDGE: 7, INET6: 10, NETLINK: 16 } as const;
export const SOCK = {
  STREAM: 1,
  DGRAM: 2,
  RAW: 3,
  SEQPACKET: 5,
  CLOEXEC: 0o2000000,
  NONBLOCK: 0o4000,
} as const;
export const SOL_SOCKET = 1;
export const SO_PEERCRED = 17;

export const KEYCTL_JOIN_SESSION_KEYRING = 1;
export const PERSONALITY = { LINUX: 0, LINUX32: 8 } as const;

/** prctl(PR_SCHED_CORE): operations, and the scope of all threads of a process (linux/prctl.h). */
export const SCHED_CORE = { CREATE: 1, SHARE_FROM: 3, SCOPE_THREAD: 0, SCOPE_THREAD_GROUP: 1 } as const;

/** seccomp(2). */
export const SECCOMP = { SET_MODE_FILTER: 1, FLAG_NEW_LISTENER: 8 } as const;

/** ioctl(2) of a seccomp listener: the size of the structure is part of the number. */
export const SECCOMP_NOTIF = { RECV: 0xc0502100, SEND: 0xc0182101, ID_VALID: 0x40082102 } as const;
