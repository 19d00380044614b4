import type { CapabilitySets, MountAttributes, WindowSize } from './structs.ts';
import type { Executable } from './vfork.ts';

/** How a child ended: `code` for an exit, `signal` (a number) for a death by signal. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: number | null;
}

export interface PollEvent {
  readonly fd: number;
  /** POLL.* bits; 0 where nothing happened. */
  readonly events: number;
}

/**
 * The kernel as the rest of the program sees it: synchronous verbs, one for each thing that we ask
 * of it. `linux.ts` does them; `double.ts` records them, so that plans and stages are tested
 * without root.
 *
 * Every verb throws KernelError (with the errno's name as `code`) where the kernel says no. Paths
 * below a container's rootfs are never given as strings while guest files are there: see
 * `openInRoot`.
 */
export interface Kernel {
  // --- processes
  /**
   * Certified fork (docs/design.md): 0 in the child. Tries until it succeeds. The child runs
   * synchronous code only, until it takes over the event loop.
   */
  fork(): number;
  /** Loads what `takeOverEventLoop` needs: before the fork, so that the child need not. */
  prepareEventLoop(): void;
  /**
   * In a child of fork: a whole Node from here on (event-loop.ts). The parent had no handle open
   * and no work under way.
   */
  takeOverEventLoop(): void;
  /**
   * The process goes on as its own child, and ends (become-child.ts); only with one thread. Returns
   * the child's pid, as the caller's pid namespace has it. `cgroup`: descriptor of the v2 cgroup
   * that the child is born in.
   */
  becomeOwnChild(cgroup?: number): number;
  /**
   * A child that shares our memory until it is a program (vfork.ts); only with one thread. `work`
   * gets its pid and returns what it becomes, or nothing; `failed` is for the child that execve(2)
   * has refused, which it has to end. Returns the pid. The caller's parent becomes its parent. If
   * the child ends in its work, the caller ends too.
   */
  vfork(
    work: (pid: number) => Executable | undefined,
    failed: (error: unknown) => void,
    cgroup?: number,
  ): number;
  /** _exit(2): no handlers, no flushing. */
  exit(status: number): never;
  /** Replaces the process. `env` are `NAME=value` strings. */
  exec(path: string, args: readonly string[], env: readonly string[]): void;
  /**
   * Waits for a child (`pid` > 0) or any child (-1). Null when `block` is false and none has ended.
   */
  wait(pid: number, block: boolean): { pid: number; status: ExitStatus } | null;
  kill(pid: number, signal: number): void;
  /**
   * This process's pid. `process.pid` is the parent's in a forked child: Node remembers it from its
   * start.
   */
  pid(): number;
  /** 0 where the parent is outside the pid namespace. */
  parentPid(): number;
  /** A descriptor that names the process for ever (close-on-exec). */
  pidfdOpen(pid: number): number;
  pidfdSignal(pidfd: number, signal: number): void;
  /**
   * How an ended process, not our child, ended; null where the kernel (before 6.15) does not tell.
   */
  pidfdExit(pidfd: number): ExitStatus | null;
  /** A copy of another process's descriptor, close-on-exec. Needs ptrace rights over it. */
  pidfdGetfd(pidfd: number, fd: number): number;
  /**
   * Fills the memory that /proc/PID/environ shows with zeros. Reads /proc, which has to be the
   * host's.
   */
  eraseEnvironment(): void;
  prctl(option: number, a?: number, b?: number, c?: number, d?: number): number;
  /** Gives a forked child wake-ups of its own (wakeups.ts), which its parent does not hear. */
  separateWakeups(): void;
  setsid(): void;
  /** Signal disposition: default or ignore. */
  signal(signal: number, disposition: 'default' | 'ignore'): void;
  /** Unblocks every signal. */
  clearSignalMask(): void;
  /**
   * Blocks the signals and returns a non-blocking descriptor that becomes readable when one of them
   * arrives.
   */
  signalfd(signals: readonly number[]): number;
  personality(persona: number): void;
  /** Sets a limit of the calling process. Units are the limit's own; Infinity for none. */
  setRlimit(resource: number, soft: number, hard: number): void;
  getRlimit(resource: number): { soft: number; hard: number };
  umask(mask: number): number;

  // --- credentials
  setresuid(uid: number): void;
  setresgid(gid: number): void;
  setgroups(gids: readonly number[]): void;
  getCapabilities(): CapabilitySets;
  setCapabilities(sets: CapabilitySets): void;
  joinNewSessionKeyring(): void;
  /**
   * Puts a seccomp filter (instructions of classic BPF) on this process and its children, for ever.
   * Needs CAP_SYS_ADMIN in its user namespace, or no_new_privs. With `listen` the result is the
   * descriptor on which notifications arrive.
   */
  seccomp(filter: Uint8Array, listen: boolean): number;
  /**
   * The next question of a seccomp listener (`struct seccomp_notif`); waits for one. ENOENT:
   * the asking process has gone.
   */
  takeNotification(listener: number): Buffer;
  /** Throws ENOENT when the asking process has gone. */
  checkNotification(listener: number, id: bigint): void;
  /** `struct seccomp_notif_resp`. */
  answerNotification(listener: number, answer: Uint8Array): void;

  // --- namespaces and mounts
  unshare(flags: number): void;
  /**
   * `fd` is a namespace file (flags = its type or 0) or a pidfd (flags = CLONE_NEW* to join at
   * once).
   */
  setns(fd: number, flags: number): void;
  /** A descriptor of the user namespace that a namespace belongs to. */
  owningUserNamespace(fd: number): number;
  mount(source: string, target: string, type: string, flags: number, data: string): void;
  umount(target: string, flags: number): void;
  /** pivot_root("." , "."): the old root ends up stacked below the new one. */
  pivotRoot(newRoot: string, putOld: string): void;
  chroot(path: string): void;
  fchdir(fd: number): void;
  openTree(dirfd: number, path: string, flags: number): number;
  moveMount(fromFd: number, fromPath: string, toFd: number, toPath: string, flags: number): void;
  mountSetattr(dirfd: number, path: string, flags: number, attributes: MountAttributes): void;
  sethostname(name: string): void;

  // --- files
  /** openat2(2). The returned descriptor is close-on-exec. */
  openat2(dirfd: number, path: string, flags: number, mode: number, resolve: number): number;
  mkdirat(dirfd: number, path: string, mode: number): void;
  mknodat(dirfd: number, path: string, mode: number, device: number): void;
  symlinkat(target: string, dirfd: number, path: string): void;
  unlinkat(dirfd: number, path: string, flags: number): void;
  fchownat(dirfd: number, path: string, uid: number, gid: number, flags: number): void;
  fchmodat(dirfd: number, path: string, mode: number): void;
  /** False when `LOCK.NB` was asked for and another process holds the lock. */
  flock(fd: number, operation: number): boolean;
  dup(fd: number): number;
  /** The copy is not close-on-exec. */
  dup2(from: number, to: number): void;
  setCloexec(fd: number, on: boolean): void;
  setNonblocking(fd: number, on: boolean): void;
  pipe(): [read: number, write: number];
  close(fd: number): void;
  /**
   * Closes every descriptor but these and the wake-ups of libuv. For a process that does not go
   * back to the event loop.
   */
  closeAllBut(kept: readonly number[]): void;
  /**
   * Closes every descriptor from `first` up, those of libuv too. For a process that only makes
   * calls.
   */
  closeFrom(first: number): void;
  /** Marks every descriptor from `first` up close-on-exec. */
  cloexecFrom(first: number): void;
  /** Bytes read; 0 at the end; -1 when nothing is there on a non-blocking descriptor. */
  read(fd: number, buffer: Uint8Array): number;
  write(fd: number, bytes: Uint8Array): number;
  /**
   * Waits at most `timeout` milliseconds (-1: for ever) and returns the descriptors on which
   * something happened.
   */
  poll(fds: readonly { fd: number; events: number }[], timeout: number): PollEvent[];

  // --- storage
  /** Extended attribute of a file or directory. */
  setXattr(path: string, name: string, value: Uint8Array): void;
  /** Undefined where there is no such attribute, or the caller may not see it. */
  getXattr(path: string, name: string): Buffer | undefined;
  /**
   * The ids that this thread makes files with. A change from 0 takes file capabilities away: set
   * them again.
   */
  setfsuid(uid: number): void;
  setfsgid(gid: number): void;
  /**
   * The loop device that has this file behind it, or a free one, which then is given back by itself
   * when it is neither open nor mounted. `device` is open in this process. `name`: what losetup(8)
   * shows.
   */
  attachLoop(file: number, name: string, readOnly: boolean): { device: number; path: string };
  /** The project that a file or directory counts for, and whether new files in it do too. */
  projectOf(fd: number): { id: number; inherited: boolean };
  /** Lets a directory count for a project, and new files in it too. */
  setProject(fd: number, id: number): void;
  /** Whether the filesystem of a file counts for projects. */
  keepsProjectQuota(fd: number): boolean;
  /** Bytes; `limit` is 0 where there is none. */
  projectUsage(fd: number, id: number): { limit: number; used: number };
  setProjectLimit(fd: number, id: number, bytes: number): void;
  /** A file that is nowhere but in memory. */
  memfd(name: string): number;

  // --- terminals
  /**
   * Unlocks a fresh pty master and opens its slave by descriptor (TIOCGPTPEER): no path of the
   * guest's is trusted.
   */
  openPtyPeer(master: number): number;
  /** N of /dev/pts/N. */
  ptyNumber(master: number): number;
  windowSize(fd: number): WindowSize;
  setWindowSize(fd: number, size: WindowSize): void;
  /** Makes the terminal the controlling one of this session. */
  setControllingTerminal(fd: number): void;
  /** `struct termios` as raw bytes. */
  getTermios(fd: number): Buffer;
  setTermios(fd: number, termios: Uint8Array): void;

  // --- sockets
  socket(domain: number, type: number, protocol: number): number;
  socketpair(type: number): [number, number];
  bind(fd: number, address: Uint8Array): void;
  listen(fd: number, backlog: number): void;
  accept(fd: number): number;
  connect(fd: number, address: Uint8Array): void;
  send(fd: number, bytes: Uint8Array): number;
  /** The same without waiting: throws EAGAIN when there is no room. */
  sendNow(fd: number, bytes: Uint8Array): number;
  /** Sends one message with copies of descriptors (SCM_RIGHTS). */
  sendDescriptors(fd: number, bytes: Uint8Array, descriptors: readonly number[]): void;
  recv(fd: number, buffer: Uint8Array): number;
  /** setsockopt(2) with an `int` value. */
  setSocketOption(fd: number, level: number, option: number, value: number): void;
  /** SO_PEERCRED of a connected unix socket. */
  peerCredentials(fd: number): { pid: number; uid: number; gid: number };

  // --- others
  /** bpf(2): a descriptor or a number, by command. `attribute` is `union bpf_attr`. */
  bpf(command: number, attribute: Uint8Array): number;
  /**
   * Address of a buffer's memory, for structures that hold pointers. Keep a reference to the
   * buffer.
   */
  addressOf(buffer: Uint8Array): number;
}
