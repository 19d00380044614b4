/**
 * Every C function that tslxc calls, in one table. A wrong type here aborts the process, so nothing
 * else in the program builds a signature, and no signature depends on input.
 *
 * Types: `int` C int, `long` C long as a JS number (exact to 2^53: fine for sizes, descriptors,
 * user-space addresses), `string` UTF-8 and NUL-terminated, `buffer` passed by pointer without a
 * copy. Variadic functions (`ioctl`, `fcntl`, `prctl`, `syscall`) get the widths that the kernel
 * reads.
 */
export type ArgType = 'int' | 'long' | 'string' | 'buffer';
/**
 * `status` is an int in which -1 is a value like any other; for all but `void` and it, -1 means a
 * failure.
 */
export type ReturnType = 'int' | 'long' | 'void' | 'status';

export interface Signature {
  readonly symbol: string;
  readonly returns: ReturnType;
  readonly args: readonly ArgType[];
}

export const fn = <const A extends readonly ArgType[]>(symbol: string, returns: ReturnType, ...args: A) =>
  ({ symbol, returns, args }) as const;
const int = <const A extends readonly ArgType[]>(symbol: string, ...args: A) => fn(symbol, 'int', ...args);

export const SIGNATURES = {
  // processes
  fork: int('fork'),
  clone3: int('syscall', 'long', 'buffer', 'long'),
  setTidAddress: int('syscall', 'long', 'long'),
  exit: fn('_exit', 'void', 'int'),
  execve: int('execve', 'string', 'buffer', 'buffer'),
  waitpid: int('waitpid', 'int', 'buffer', 'int'),
  kill: int('kill', 'int', 'int'),
  getpid: int('getpid'),
  getppid: int('getppid'),
  prctl: int('prctl', 'int', 'long', 'long', 'long', 'long'),
  setsid: int('setsid'),
  signal: fn('signal', 'long', 'int', 'long'),
  sigprocmask: int('sigprocmask', 'int', 'buffer', 'buffer'),
  signalfd: int('signalfd', 'int', 'buffer', 'int'),
  personality: int('personality', 'long'),
  getrlimit: int('getrlimit', 'int', 'buffer'),
  setrlimit: int('setrlimit', 'int', 'buffer'),
  umask: int('umask', 'int'),
  // system calls by number: those without a wrapper in every libc
  pidfdOpen: int('syscall', 'long', 'long', 'long'),
  pidfdSendSignal: int('syscall', 'long', 'long', 'long', 'long', 'long'),
  pidfdGetfd: int('syscall', 'long', 'long', 'long', 'long'),
  pivotRoot: int('syscall', 'long', 'string', 'string'),
  openat2: int('syscall', 'long', 'long', 'string', 'buffer', 'long'),
  openTree: int('syscall', 'long', 'long', 'string', 'long'),
  moveMount: int('syscall', 'long', 'long', 'string', 'long', 'string', 'long'),
  mountSetattr: int('syscall', 'long', 'long', 'string', 'long', 'buffer', 'long'),
  closeRange: int('syscall', 'long', 'long', 'long', 'long'),
  capset: int('syscall', 'long', 'buffer', 'buffer'),
  capget: int('syscall', 'long', 'buffer', 'buffer'),
  quotactlFd: int('syscall', 'long', 'long', 'long', 'long', 'buffer'),
  bpf: int('syscall', 'long', 'long', 'buffer', 'long'),
  keyctl: fn('syscall', 'long', 'long', 'long', 'long', 'long', 'long', 'long'),
  setgroups: int('syscall', 'long', 'long', 'buffer'),
  seccomp: int('syscall', 'long', 'long', 'long', 'buffer'),
  // extended attributes
  setxattr: int('setxattr', 'string', 'string', 'buffer', 'long', 'int'),
  getxattr: fn('getxattr', 'long', 'string', 'string', 'buffer', 'long'),
  // credentials
  setresuid: int('setresuid', 'int', 'int', 'int'),
  setresgid: int('setresgid', 'int', 'int', 'int'),
  // These return the former id and have no failure to tell of.
  setfsuid: fn('setfsuid', 'void', 'int'),
  setfsgid: fn('setfsgid', 'void', 'int'),
  // namespaces and mounts
  unshare: int('unshare', 'int'),
  setns: int('setns', 'int', 'int'),
  mount: int('mount', 'string', 'string', 'string', 'long', 'string'),
  umount: int('umount2', 'string', 'int'),
  chroot: int('chroot', 'string'),
  fchdir: int('fchdir', 'int'),
  sethostname: int('sethostname', 'string', 'long'),
  // files
  mkdirat: int('mkdirat', 'int', 'string', 'int'),
  mknodat: int('mknodat', 'int', 'string', 'int', 'long'),
  symlinkat: int('symlinkat', 'string', 'int', 'string'),
  unlinkat: int('unlinkat', 'int', 'string', 'int'),
  fchownat: int('fchownat', 'int', 'string', 'int', 'int', 'int'),
  fchmodat: int('fchmodat', 'int', 'string', 'int', 'int'),
  flock: int('flock', 'int', 'int'),
  dup: int('dup', 'int'),
  dup2: int('dup2', 'int', 'int'),
  dup3: int('dup3', 'int', 'int', 'int'),
  eventfd: int('eventfd', 'int', 'int'),
  fcntl: int('fcntl', 'int', 'int', 'long'),
  pipe2: int('pipe2', 'buffer', 'int'),
  close: int('close', 'int'),
  read: fn('read', 'long', 'int', 'buffer', 'long'),
  write: fn('write', 'long', 'int', 'buffer', 'long'),
  poll: int('poll', 'buffer', 'long', 'int'),
  madvise: int('madvise', 'long', 'long', 'int'),
  // terminals
  ioctl: int('ioctl', 'int', 'long', 'buffer'),
  ioctlValue: int('ioctl', 'int', 'long', 'long'),
  tcgetattr: int('tcgetattr', 'int', 'buffer'),
  tcsetattr: int('tcsetattr', 'int', 'int', 'buffer'),
  // sockets
  socket: int('socket', 'int', 'int', 'int'),
  socketpair: int('socketpair', 'int', 'int', 'int', 'buffer'),
  bind: int('bind', 'int', 'buffer', 'int'),
  listen: int('listen', 'int', 'int'),
  accept: int('accept4', 'int', 'long', 'long', 'int'),
  connect: int('connect', 'int', 'buffer', 'int'),
  send: fn('send', 'long', 'int', 'buffer', 'long', 'int'),
  sendmsg: fn('sendmsg', 'long', 'int', 'buffer', 'int'),
  recv: fn('recv', 'long', 'int', 'buffer', 'long', 'int'),
  getsockopt: int('getsockopt', 'int', 'int', 'int', 'buffer', 'buffer'),
  setsockopt: int('setsockopt', 'int', 'int', 'int', 'buffer', 'int'),
  // memory
  addressOf: fn('memcpy', 'long', 'buffer', 'buffer', 'long'),
  fillMemory: fn('memset', 'long', 'long', 'int', 'long'),
  memfdCreate: int('memfd_create', 'string', 'int'),
} as const satisfies Record<string, Signature>;

export type CallName = keyof typeof SIGNATURES;
