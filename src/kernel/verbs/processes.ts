import { becomeOwnChild } from '../become-child.ts';
import type { Calls } from '../binding.ts';
import { O, SYS, WNOHANG } from '../constants.ts';
import { eraseEnvironment } from '../environment-memory.ts';
import { bindEventLoop, takeOverEventLoop } from '../event-loop.ts';
import { certifiedFork } from '../fork.ts';
import type { ExitStatus, Kernel } from '../kernel.ts';
import { type PointerArray, pointerArray } from '../pointer-array.ts';
import { retryOn } from '../retry-on.ts';
import { readRlimit64, rlimit64 } from '../structs.ts';
import { Vfork } from '../vfork.ts';
import { separateWakeups } from '../wakeups.ts';

/** First version of `struct pidfd_info` (linux/pidfd.h); the exit code is its last member. */
const PIDFD_INFO_SIZE = 64;
const PIDFD_INFO_EXIT = 1n << 3n;
/** _IOWR(0xff, 11, struct pidfd_info) */
const PIDFD_GET_INFO = 0xc000ff0b + PIDFD_INFO_SIZE * 0x10000;

/** wait(2)'s status word. */
function decodeStatus(word: number): ExitStatus {
  const signal = word & 0x7f;
  return signal === 0 ? { code: (word >> 8) & 0xff, signal: null } : { code: null, signal };
}

/**
 * What execve(2) points to: referenced here so that no garbage collection takes it before the call.
 */
let held: PointerArray[] = [];

export function processVerbs(c: Calls) {
  let vfork: Vfork | undefined;
  return {
    fork: () => certifiedFork(c),
    prepareEventLoop: () => bindEventLoop(),
    takeOverEventLoop: () => takeOverEventLoop(c.getpid(), (status) => c.exit(status) as never),
    becomeOwnChild: (cgroup) => becomeOwnChild(c, cgroup),
    vfork(work, failed, cgroup) {
      vfork ??= Vfork.over(c);
      if (!vfork) throw new Error('the C library has no contexts (makecontext)');
      return vfork.run(work, failed, cgroup);
    },
    exit: (status) => c.exit(status) as never,
    exec(path, args, env) {
      held = [pointerArray(c, args), pointerArray(c, env)];
      c.execve(path, held[0]!.array, held[1]!.array);
    },
    wait(pid, block) {
      const word = Buffer.alloc(4);
      const ended = retryOn('EINTR', () => c.waitpid(pid, word, block ? 0 : WNOHANG));
      return ended === 0 ? null : { pid: ended, status: decodeStatus(word.readInt32LE()) };
    },
    kill: (pid, signal) => void c.kill(pid, signal),
    pid: () => c.getpid(),
    parentPid: () => c.getppid(),
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
    eraseEnvironment: () => eraseEnvironment(c),
    prctl: (option, a = 0, b = 0, x = 0, y = 0) => c.prctl(option, a, b, x, y),
    separateWakeups: () => separateWakeups(c),
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
