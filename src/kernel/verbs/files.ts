import type { Calls, KernelError } from '../binding.ts';
import { F, FD_CLOEXEC, LOCK, O, SYS } from '../constants.ts';
import { forkSilently } from '../fork.ts';
import type { Kernel } from '../kernel.ts';
import { retryOn } from '../retry-on.ts';
import { openHow, polledEvents, pollfds } from '../structs.ts';
import { wakeups } from '../wakeups.ts';

const CLOSE_RANGE_CLOEXEC = 4;
const MFD_CLOEXEC = 1;
/** The last descriptor for close_range(2): all of them. */
const LAST_DESCRIPTOR = 0xffffffff;

export function fileVerbs(c: Calls) {
  return {
    openat2(dirfd, path, flags, mode, resolve) {
      const how = openHow(flags | O.CLOEXEC, mode, resolve);
      const open = () => retryOn('EINTR', () => c.openat2(SYS.openat2, dirfd, path, how, how.length));
      // openat2(2): with RESOLVE_IN_ROOT or _BENEATH a `..` is not followed while something is
      // renamed or mounted anywhere.
      return resolve === 0 ? open() : retryOn('EAGAIN', open);
    },
    mkdirat: (dirfd, path, mode) => void c.mkdirat(dirfd, path, mode),
    mknodat: (dirfd, path, mode, device) => void c.mknodat(dirfd, path, mode, device),
    symlinkat: (target, dirfd, path) => void c.symlinkat(target, dirfd, path),
    unlinkat: (dirfd, path, flags) => void c.unlinkat(dirfd, path, flags),
    fchownat: (dirfd, path, uid, gid, flags) => void c.fchownat(dirfd, path, uid, gid, flags),
    fchmodat: (dirfd, path, mode) => void c.fchmodat(dirfd, path, mode, 0),
    flock(fd, operation) {
      try {
        retryOn('EINTR', () => c.flock(fd, operation));
        return true;
      } catch (error) {
        if (operation & LOCK.NB && (error as KernelError).code === 'EAGAIN') return false;
        throw error;
      }
    },
    dup: (fd) => c.fcntl(fd, F.DUPFD_CLOEXEC, 3),
    dup2: (from, to) => void c.dup2(from, to),
    // The only flag that there is.
    setCloexec: (fd, on) => void c.fcntl(fd, F.SETFD, on ? FD_CLOEXEC : 0),
    setNonblocking(fd, on) {
      const flags = c.fcntl(fd, F.GETFL, 0);
      c.fcntl(fd, F.SETFL, on ? flags | O.NONBLOCK : flags & ~O.NONBLOCK);
    },
    pipe() {
      const fds = Buffer.alloc(8);
      c.pipe2(fds, O.CLOEXEC);
      return [fds.readInt32LE(0), fds.readInt32LE(4)];
    },
    memfd: (name) => c.memfdCreate(name, MFD_CLOEXEC),
    close: (fd) => void c.close(fd),
    closeAllBut(kept) {
      forkSilently(c);
      let first = 0;
      for (const fd of [...new Set([...kept, ...wakeups()])]
        .filter((one) => one >= 0)
        .sort((a, b) => a - b)) {
        if (fd > first) c.closeRange(SYS.close_range, first, fd - 1, 0);
        first = fd + 1;
      }
      c.closeRange(SYS.close_range, first, LAST_DESCRIPTOR, 0);
    },
    closeFrom: (first) => void c.closeRange(SYS.close_range, first, LAST_DESCRIPTOR, 0),
    cloexecFrom: (first) => void c.closeRange(SYS.close_range, first, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC),
    read(fd, buffer) {
      try {
        return retryOn('EINTR', () => c.read(fd, buffer, buffer.length));
      } catch (error) {
        if ((error as KernelError).code === 'EAGAIN') return -1;
        throw error;
      }
    },
    write: (fd, bytes) => retryOn('EINTR', () => c.write(fd, bytes, bytes.length)),
    poll(fds, timeout) {
      const set = pollfds(fds);
      try {
        c.poll(set, fds.length, timeout);
      } catch (error) {
        if ((error as KernelError).code === 'EINTR') return [];
        throw error;
      }
      return fds
        .map(({ fd }, i) => ({ fd, events: polledEvents(set, i) }))
        .filter(({ events }) => events !== 0);
    },
  } satisfies Partial<Kernel>;
}
