import { bindCalls, type Calls, type KernelError } from './binding.ts';
import {
  F,
  FD_CLOEXEC,
  KEYCTL_JOIN_SESSION_KEYRING,
  LOCK,
  O,
  SO_PEERCRED,
  SOL_SOCKET,
  SYS,
  TIOC,
  WNOHANG,
} from './constants.ts';
import { certifiedFork } from './fork.ts';
import type { ExitStatus, Kernel } from './kernel.ts';
import {
  capabilityData,
  capabilityHeader,
  mountAttr,
  openHow,
  pollfds,
  readCapabilityData,
  readRlimit64,
  readWinsize,
  rlimit64,
  winsize,
} from './structs.ts';

const CLOSE_RANGE_CLOEXEC = 4;
/** First version of `struct pidfd_info` (linux/pidfd.h); the exit code is its last member. */
const PIDFD_INFO_SIZE = 64;
const PIDFD_INFO_EXIT = 1n << 3n;
/** _IOWR(0xff, 11, struct pidfd_info) */
const PIDFD_GET_INFO = 0xc000ff0b + PIDFD_INFO_SIZE * 0x10000;
const TCSANOW = 0;
/** Larger than any `struct termios` of libc. */
const TERMIOS_SIZE = 64;
const UNUSED = 0;

/** wait(2)'s status word. */
function decodeStatus(word: number): ExitStatus {
  const signal = word & 0x7f;
  return signal === 0 ? { code: (word >> 8) & 0xff, signal: null } : { code: null, signal };
}

/** Calls that the kernel may break off with EINTR are done again. */
function retried<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as KernelError).code !== 'EINTR') throw error;
    }
  }
}

/** What execve(2) points to: referenced here so that no garbage collection takes it before the call. */
let held: { array: Buffer; strings: Buffer[] }[] = [];

/** A NULL-terminated array of C strings, as execve(2) wants it. */
function pointerArray(c: Calls, items: readonly string[]): { array: Buffer; strings: Buffer[] } {
  const strings = items.map((item) => {
    if (item.includes('\0')) throw new TypeError('an argument holds a NUL byte');
    return Buffer.from(`${item}\0`);
  });
  const array = Buffer.alloc((items.length + 1) * 8);
  strings.forEach((string, i) => {
    array.writeBigInt64LE(BigInt(c.addressOf(string, string, 0)), i * 8);
  });
  return { array, strings };
}

function processVerbs(c: Calls) {
  return {
    fork: (attempts) => certifiedFork(c, attempts),
    exit: (status) => c.exit(status) as never,
    exec(path, args, env) {
      held = [pointerArray(c, args), pointerArray(c, env)];
      c.execve(path, held[0]!.array, held[1]!.array);
    },
    wait(pid, block) {
      const word = Buffer.alloc(4);
      const ended = retried(() => c.waitpid(pid, word, block ? 0 : WNOHANG));
      return ended === 0 ? null : { pid: ended, status: decodeStatus(word.readInt32LE()) };
    },
    kill: (pid, signal) => void c.kill(pid, signal),
    pid: () => c.getpid(),
    pidfdOpen: (pid) => c.pidfdOpen(SYS.pidfd_open, pid, 0),
    pidfdSignal: (pidfd, signal) => void c.pidfdSendSignal(SYS.pidfd_send_signal, pidfd, signal, 0, 0),
    pidfdExit(pidfd) {
      const info = Buffer.alloc(PIDFD_INFO_SIZE);
      info.writeBigUInt64LE(PIDFD_INFO_EXIT, 0);
      try {
        c.ioctl(pidfd, PIDFD_GET_INFO, info);
      } catch {
        return null;
      }
      return info.readBigUInt64LE(0) & PIDFD_INFO_EXIT ? decodeStatus(info.readInt32LE(60)) : null;
    },
    pidfdGetfd: (pidfd, fd) => c.pidfdGetfd(SYS.pidfd_getfd, pidfd, fd, 0),
    prctl: (option, a = 0, b = 0, x = 0, y = 0) => c.prctl(option, a, b, x, y),
    setsid: () => void c.setsid(),
    signal: (signal, disposition) => void c.signal(signal, disposition === 'ignore' ? 1 : 0),
    signalfd(signals) {
      const mask = Buffer.alloc(128);
      for (const signal of signals) mask[(signal - 1) >> 3]! |= 1 << ((signal - 1) & 7);
      c.sigprocmask(0 /* SIG_BLOCK */, mask, Buffer.alloc(128));
      return c.signalfd(-1, mask, O.CLOEXEC | O.NONBLOCK);
    },
    clearSignalMask: () => void c.sigprocmask(2, Buffer.alloc(128), Buffer.alloc(128)),
    personality: (persona) => void c.personality(persona),
    setRlimit: (resource, soft, hard) => void c.setrlimit(resource, rlimit64(soft, hard)),
    getRlimit(resource) {
      const limit = Buffer.alloc(16);
      c.getrlimit(resource, limit);
      return readRlimit64(limit);
    },
    umask: (mask) => c.umask(mask),
  } satisfies Partial<Kernel>;
}

function credentialVerbs(c: Calls) {
  return {
    setresuid: (uid) => void c.setresuid(uid, uid, uid),
    setresgid: (gid) => void c.setresgid(gid, gid, gid),
    setgroups(gids) {
      const list = Buffer.alloc(Math.max(1, gids.length) * 4);
      gids.forEach((gid, i) => {
        list.writeUInt32LE(gid, i * 4);
      });
      c.setgroups(SYS.setgroups, gids.length, list);
    },
    getCapabilities() {
      const data = Buffer.alloc(24);
      c.capget(SYS.capget, capabilityHeader(), data);
      return readCapabilityData(data);
    },
    setCapabilities: (sets) => void c.capset(SYS.capset, capabilityHeader(), capabilityData(sets)),
    joinNewSessionKeyring: () => void c.keyctl(SYS.keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0),
  } satisfies Partial<Kernel>;
}

function namespaceVerbs(c: Calls) {
  return {
    unshare: (flags) => void c.unshare(flags),
    setns(fd, flags) {
      c.setns(fd, flags);
    },
    mount: (source, target, type, flags, data) => void c.mount(source, target, type, flags, data),
    umount: (target, flags) => void c.umount(target, flags),
    pivotRoot: (newRoot, putOld) => void c.pivotRoot(SYS.pivot_root, newRoot, putOld),
    chroot: (path) => void c.chroot(path),
    fchdir: (fd) => void c.fchdir(fd),
    openTree: (dirfd, path, flags) => c.openTree(SYS.open_tree, dirfd, path, flags | O.CLOEXEC),
    moveMount: (fromFd, fromPath, toFd, toPath, flags) =>
      void c.moveMount(SYS.move_mount, fromFd, fromPath, toFd, toPath, flags),
    mountSetattr(dirfd, path, flags, attributes) {
      const attr = mountAttr(attributes);
      c.mountSetattr(SYS.mount_setattr, dirfd, path, flags, attr, attr.length);
    },
    sethostname: (name) => void c.sethostname(name, Buffer.byteLength(name)),
  } satisfies Partial<Kernel>;
}

function fileVerbs(c: Calls) {
  const setFlag = (fd: number, get: number, set: number, flag: number, on: boolean) => {
    const flags = c.fcntl(fd, get, 0);
    c.fcntl(fd, set, on ? flags | flag : flags & ~flag);
  };
  return {
    openat2(dirfd, path, flags, mode, resolve) {
      const how = openHow(flags | O.CLOEXEC, mode, resolve);
      return retried(() => c.openat2(SYS.openat2, dirfd, path, how, how.length));
    },
    mkdirat: (dirfd, path, mode) => void c.mkdirat(dirfd, path, mode),
    mknodat: (dirfd, path, mode, device) => void c.mknodat(dirfd, path, mode, device),
    symlinkat: (target, dirfd, path) => void c.symlinkat(target, dirfd, path),
    fchownat: (dirfd, path, uid, gid, flags) => void c.fchownat(dirfd, path, uid, gid, flags),
    fchmodat: (dirfd, path, mode) => void c.fchmodat(dirfd, path, mode, 0),
    flock(fd, operation) {
      try {
        retried(() => c.flock(fd, operation));
        return true;
      } catch (error) {
        if (operation & LOCK.NB && (error as KernelError).code === 'EAGAIN') return false;
        throw error;
      }
    },
    dup: (fd) => c.fcntl(fd, F.DUPFD_CLOEXEC, 3),
    dup2: (from, to) => void c.dup2(from, to),
    setCloexec: (fd, on) => setFlag(fd, F.GETFD, F.SETFD, FD_CLOEXEC, on),
    setNonblocking: (fd, on) => setFlag(fd, F.GETFL, F.SETFL, O.NONBLOCK, on),
    pipe() {
      const fds = Buffer.alloc(8);
      c.pipe2(fds, O.CLOEXEC);
      return [fds.readInt32LE(0), fds.readInt32LE(4)];
    },
    close: (fd) => void c.close(fd),
    cloexecFrom: (first) => void c.closeRange(SYS.close_range, first, 0xffffffff, CLOSE_RANGE_CLOEXEC),
    read(fd, buffer) {
      try {
        return retried(() => c.read(fd, buffer, buffer.length));
      } catch (error) {
        if ((error as KernelError).code === 'EAGAIN') return -1;
        throw error;
      }
    },
    write: (fd, bytes) => retried(() => c.write(fd, bytes, bytes.length)),
    poll(fds, timeout) {
      const set = pollfds(fds);
      try {
        c.poll(set, fds.length, timeout);
      } catch (error) {
        if ((error as KernelError).code === 'EINTR') return [];
        throw error;
      }
      return fds
        .map(({ fd }, i) => ({ fd, events: set.readInt16LE(i * 8 + 6) }))
        .filter(({ events }) => events !== 0);
    },
  } satisfies Partial<Kernel>;
}

function terminalVerbs(c: Calls) {
  return {
    openPtyPeer(master) {
      c.ioctl(master, TIOC.SPTLCK, Buffer.alloc(4));
      return c.ioctlValue(master, TIOC.GPTPEER, O.RDWR | O.NOCTTY | O.CLOEXEC);
    },
    ptyNumber(master) {
      const number = Buffer.alloc(4);
      c.ioctl(master, TIOC.GPTN, number);
      return number.readInt32LE();
    },
    windowSize(fd) {
      const size = Buffer.alloc(8);
      c.ioctl(fd, TIOC.GWINSZ, size);
      return readWinsize(size);
    },
    setWindowSize: (fd, size) => void c.ioctl(fd, TIOC.SWINSZ, winsize(size)),
    setControllingTerminal: (fd) => void c.ioctlValue(fd, TIOC.SCTTY, 0),
    getTermios(fd) {
      const termios = Buffer.alloc(TERMIOS_SIZE);
      c.tcgetattr(fd, termios);
      return termios;
    },
    setTermios: (fd, termios) => void c.tcsetattr(fd, TCSANOW, termios),
  } satisfies Partial<Kernel>;
}

function socketVerbs(c: Calls) {
  return {
    socket: (domain, type, protocol) => c.socket(domain, type, protocol),
    socketpair(type) {
      const fds = Buffer.alloc(8);
      c.socketpair(1, type, 0, fds);
      return [fds.readInt32LE(0), fds.readInt32LE(4)];
    },
    bind: (fd, address) => void c.bind(fd, address, address.length),
    listen: (fd, backlog) => void c.listen(fd, backlog),
    accept: (fd) => retried(() => c.accept(fd, UNUSED, UNUSED, O.CLOEXEC)),
    connect: (fd, address) => void retried(() => c.connect(fd, address, address.length)),
    send: (fd, bytes) => retried(() => c.send(fd, bytes, bytes.length, 0x4000 /* MSG_NOSIGNAL */)),
    recv: (fd, buffer) => retried(() => c.recv(fd, buffer, buffer.length, 0)),
    setSocketOption(fd, level, option, value) {
      const int = Buffer.alloc(4);
      int.writeInt32LE(value);
      c.setsockopt(fd, level, option, int, int.length);
    },
    peerCredentials(fd) {
      const credentials = Buffer.alloc(12);
      const length = Buffer.from([12, 0, 0, 0]);
      c.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length);
      return {
        pid: credentials.readInt32LE(0),
        uid: credentials.readUInt32LE(4),
        gid: credentials.readUInt32LE(8),
      };
    },
    bpf: (command, attribute) => c.bpf(SYS.bpf, command, attribute, attribute.length),
    addressOf: (buffer) => c.addressOf(buffer, buffer, 0),
  } satisfies Partial<Kernel>;
}

let kernel: Kernel | undefined;

/** The real kernel. One binding a process: ffi-rs's table of libraries is a global. */
export function linuxKernel(): Kernel {
  if (!kernel) {
    const calls = bindCalls();
    kernel = {
      ...processVerbs(calls),
      ...credentialVerbs(calls),
      ...namespaceVerbs(calls),
      ...fileVerbs(calls),
      ...terminalVerbs(calls),
      ...socketVerbs(calls),
    };
  }
  return kernel;
}
