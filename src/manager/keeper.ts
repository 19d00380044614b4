/**
 * The keeper: a small synchronous process that outlives the manager. It is a child subreaper, so every container's init
 * becomes its child and its exit status is never lost; and it holds the consoles' and ttys' masters, so that a killed
 * manager costs nobody a terminal. While no manager is there it drains the consoles, or their writers would block.
 */
import { appendFileSync, closeSync, openSync, rmSync } from 'node:fs';
import { AF, LOCK, O, POLL, PR, SIG, SOCK } from '../kernel/constants.ts';
import type { ExitStatus, Kernel } from '../kernel/kernel.ts';
import { LineBuffer } from '../kernel/line-buffer.ts';
import { unixAddress } from '../kernel/structs.ts';
import { forkServer } from './fork-server.ts';
import type { Ended, KeeperReply, KeeperRequest, KeeperResult } from './keeper-protocol.ts';

interface Kept {
  readonly fd: number;
  /**
   * A console's master, read while there is no manager. Its slave is held open: without one, reading reports a hang-up
   * for ever as soon as nobody inside has the console open.
   */
  readonly drain: { readonly log?: string; readonly slave: number } | undefined;
}

/** A process whose end the manager wants to know. One that an earlier keeper started is no child of ours. */
interface Watched {
  /** -1 once it has ended. */
  pidfd: number;
  /** Null while it runs, and for good where another's child ended and only that can be known. */
  status: ExitStatus | null;
}

interface Manager {
  readonly socket: number;
  readonly lines: LineBuffer;
  pid: number;
  pidfd: number;
}

/** How long the keeper waits for a manager when it has nothing to keep, milliseconds. */
const LONELY = 10_000;

export class Keeper {
  readonly #kernel: Kernel;
  readonly #path: string;
  readonly #listener: number;
  readonly #children: number;
  readonly #lock: number;
  readonly #kept = new Map<string, Kept>();
  readonly #watched = new Map<number, Watched>();
  readonly #chunk = Buffer.alloc(65536);
  #manager: Manager | undefined;

  constructor(kernel: Kernel, path: string, lock: number) {
    this.#lock = lock;
    this.#kernel = kernel;
    this.#path = path;
    rmSync(path, { force: true });
    this.#listener = kernel.socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0);
    kernel.bind(this.#listener, unixAddress(path));
    kernel.listen(this.#listener, 8);
    kernel.prctl(PR.SET_CHILD_SUBREAPER, 1);
    kernel.prctl(PR.SET_DUMPABLE, 0);
    this.#children = kernel.signalfd([SIG.CHLD]);
  }

  run(): never {
    for (;;) {
      const busy = this.#manager !== undefined || this.#kept.size > 0 || this.#watched.size > 0;
      const events = this.#kernel.poll(this.#interests(), busy ? -1 : LONELY);
      if (events.length === 0 && !busy) this.#leave();
      for (const { fd, events: what } of events) {
        if (fd === this.#listener) this.#accept();
        else if (fd === this.#children) this.#reap();
        else if (fd === this.#manager?.socket) this.#hear(this.#manager);
        else this.#other(fd, what);
      }
    }
  }

  #other(fd: number, what: number): void {
    const watched = [...this.#watched].find(([, { pidfd }]) => pidfd === fd);
    if (watched) this.#noteEnd(watched[0]);
    else this.#drain(fd, what);
  }

  #interests(): { fd: number; events: number }[] {
    const fds = [this.#listener, this.#children];
    for (const { pidfd } of this.#watched.values()) if (pidfd >= 0) fds.push(pidfd);
    if (this.#manager) fds.push(this.#manager.socket);
    else for (const kept of this.#kept.values()) if (kept.drain) fds.push(kept.fd);
    return fds.map((fd) => ({ fd, events: POLL.IN }));
  }

  /** The newest manager is the one that counts: it holds the manager's lock. Others than our own user are refused. */
  #accept(): void {
    const socket = this.#kernel.accept(this.#listener);
    if (this.#kernel.peerCredentials(socket).uid !== process.getuid!()) {
      this.#kernel.close(socket);
      return;
    }
    if (this.#manager) this.#hangUp(this.#manager);
    this.#manager = { socket, lines: new LineBuffer(), pid: -1, pidfd: -1 };
  }

  #hear(manager: Manager): void {
    let length = 0;
    try {
      length = this.#kernel.recv(manager.socket, this.#chunk);
    } catch {
      // ECONNRESET: as good as the end of the stream.
    }
    if (length === 0) {
      this.#hangUp(manager);
      return;
    }
    for (const line of manager.lines.push(this.#chunk.subarray(0, length)))
      if (this.#manager === manager) this.#answer(manager, JSON.parse(line) as KeeperRequest);
  }

  /** A failed write may have hung up already when the end of the stream is read. */
  #hangUp(manager: Manager): void {
    if (this.#manager !== manager) return;
    this.#manager = undefined;
    this.#kernel.close(manager.socket);
    if (manager.pidfd >= 0) this.#kernel.close(manager.pidfd);
  }

  #answer(manager: Manager, request: KeeperRequest): void {
    try {
      this.#say(manager, { id: request.id, ok: true, result: this.#serve(manager, request) });
    } catch (error) {
      this.#say(manager, { id: request.id, ok: false, error: (error as Error).message });
    }
  }

  #say(manager: Manager, reply: KeeperReply): void {
    try {
      this.#kernel.send(manager.socket, Buffer.from(`${JSON.stringify(reply)}\n`));
    } catch {
      this.#hangUp(manager);
    }
  }

  #serve(manager: Manager, request: KeeperRequest): KeeperResult {
    switch (request.op) {
      case 'hello': {
        manager.pid = request.pid;
        manager.pidfd = this.#kernel.pidfdOpen(request.pid);
        const ended: Ended[] = [];
        for (const [pid, { pidfd, status }] of this.#watched) if (pidfd < 0) ended.push({ pid, status });
        return {
          pid: this.#kernel.pid(),
          kept: Object.fromEntries([...this.#kept].map(([label, { fd }]) => [label, fd])),
          ended,
        };
      }
      case 'keep':
        this.#keep(request);
        return {};
      case 'drop':
        for (const [label, kept] of this.#kept)
          if (label.startsWith(request.prefix)) {
            this.#close(kept);
            this.#kept.delete(label);
          }
        return {};
      case 'fork-server':
        return { pid: this.#forkServer(manager, request.control) };
      case 'watch':
        if (!this.#watched.has(request.pid))
          this.#watched.set(request.pid, { pidfd: this.#kernel.pidfdOpen(request.pid), status: null });
        return {};
      case 'forget':
        this.#forget(request.pid);
        return {};
      case 'quit':
        return this.#leave();
    }
  }

  #keep(request: Extract<KeeperRequest, { op: 'keep' }>): void {
    const pidfd = this.#kernel.pidfdOpen(request.pid);
    try {
      const old = this.#kept.get(request.label);
      const fd = this.#kernel.pidfdGetfd(pidfd, request.fd);
      if (old) this.#close(old);
      const drain = request.drain && { ...request.drain, slave: this.#kernel.openPtyPeer(fd) };
      this.#kept.set(request.label, { fd, drain });
    } finally {
      this.#kernel.close(pidfd);
    }
  }

  #close({ fd, drain }: Kept): void {
    this.#kernel.close(fd);
    if (drain) this.#kernel.close(drain.slave);
  }

  #forkServer(manager: Manager, number: number): number {
    const control = this.#kernel.pidfdGetfd(manager.pidfd, number);
    const pid = this.#kernel.fork();
    if (pid === 0) {
      // Nothing of the keeper's (other containers' consoles, its sockets) may be in a process that enters a container.
      // One by one: libuv's own descriptors have to stay, its at-fork handler closes them by number.
      const kept = [...this.#kept.values()].flatMap(({ fd, drain }) => (drain ? [fd, drain.slave] : [fd]));
      for (const fd of [this.#listener, this.#children, manager.socket, this.#lock, ...kept])
        this.#kernel.close(fd);
      forkServer(this.#kernel, control, manager.pidfd);
    }
    this.#kernel.close(control);
    return pid;
  }

  /** Everything that has ended: watched ones are remembered until the manager says that it knows. */
  #reap(): void {
    this.#kernel.read(this.#children, this.#chunk);
    for (;;) {
      let gone: Ended | null = null;
      try {
        gone = this.#kernel.wait(-1, false);
      } catch {
        // ECHILD: none left.
      }
      if (!gone) return;
      this.#report(gone);
    }
  }

  #report(ended: Ended): void {
    const watched = this.#watched.get(ended.pid);
    if (watched) {
      if (watched.pidfd >= 0) this.#kernel.close(watched.pidfd);
      watched.pidfd = -1;
      watched.status = ended.status;
    }
    if (this.#manager) this.#say(this.#manager, { event: 'ended', ended });
  }

  /** A watched process has ended. A child is reaped, which tells how; of another's child the kernel may tell. */
  #noteEnd(pid: number): void {
    this.#reap();
    const { pidfd } = this.#watched.get(pid)!;
    if (pidfd < 0) return;
    // The kernel knows once the foster parent has reaped it: a moment is given.
    let status: ExitStatus | null = null;
    for (let i = 0; i < 10 && !status; i++) {
      status = this.#kernel.pidfdExit(pidfd);
      if (!status) this.#kernel.poll([], 5);
    }
    this.#report({ pid, status });
  }

  #forget(pid: number): void {
    const pidfd = this.#watched.get(pid)?.pidfd ?? -1;
    if (pidfd >= 0) this.#kernel.close(pidfd);
    this.#watched.delete(pid);
  }

  #drain(fd: number, what: number): void {
    const log = [...this.#kept.values()].find((kept) => kept.fd === fd)?.drain?.log;
    if (!(what & POLL.IN)) return;
    let length = 0;
    try {
      length = this.#kernel.read(fd, this.#chunk);
    } catch {
      // EIO: the pty was hung up in this moment.
    }
    if (length > 0 && log) this.#appendLog(log, this.#chunk.subarray(0, length));
  }

  #appendLog(file: string, bytes: Uint8Array): void {
    try {
      const fd = openSync(file, O.WRONLY | O.APPEND | O.CREAT | O.NOFOLLOW, 0o640);
      appendFileSync(fd, bytes);
      closeSync(fd);
    } catch {
      // A full disk costs the log, never the container.
    }
  }

  #leave(): never {
    rmSync(this.#path, { force: true });
    return this.#kernel.exit(0);
  }
}

/**
 * Turns this process (a fresh child of the manager's first moments) into the keeper. `lockFile` makes it the only one
 * of its run directory; where another holds it, this one ends.
 */
export function runKeeper(
  kernel: Kernel,
  path: string,
  lockFile: string,
  closeFirst: readonly number[],
): never {
  for (const fd of closeFirst) kernel.close(fd);
  process.title = 'tslxc-keeper';
  kernel.setsid();
  const lock = openSync(lockFile, O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC, 0o600);
  if (!kernel.flock(lock, LOCK.EX | LOCK.NB)) kernel.exit(0);
  try {
    new Keeper(kernel, path, lock).run();
  } catch (error) {
    kernel.write(2, Buffer.from(`tslxc keeper: ${(error as Error).stack}\n`));
  }
  return kernel.exit(1);
}
