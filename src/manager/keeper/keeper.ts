/**
 * The keeper: a small synchronous process that outlives the manager. It is a child subreaper, so
 * that every container's init becomes its child and no exit status is lost. It holds the masters of
 * consoles and ttys, so that they survive a killed manager. While there is no manager, the keeper
 * drains the consoles, since their writers would block.
 */

import { openSync, rmSync, statSync } from 'node:fs';
import { AF, LOCK, O, POLL, PR, SIG, SOCK } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { unixAddress } from '../../kernel/structs.ts';
import { LineBuffer } from '../../util/line-buffer.ts';
import { ownEnvironment } from '../../util/own-process.ts';
import { forkServer } from '../forks/fork-server.ts';
import { buildId } from '../process/build-id.ts';
import { hostRootArgument, withReadOnlyHost } from '../process/read-only-host.ts';
import type { Ended, KeeperReply, KeeperRequest, KeeperResult } from './keeper-protocol.ts';
import { KeptDescriptors } from './kept-descriptors.ts';
import { WatchedProcesses } from './watched-processes.ts';

interface Manager {
  readonly socket: number;
  readonly lines: LineBuffer;
  pid: number;
  pidfd: number;
}

/** How long the keeper waits for a manager when it has nothing to keep, milliseconds. */
const LONELY = 10_000;

/**
 * Shortest time between two calls for a manager, milliseconds; twice as long after each that came
 * to nothing, to a limit.
 */
const CALL_AGAIN = { first: 5000, most: 300_000 };

export class Keeper {
  readonly #kernel: Kernel;
  readonly #path: string;
  readonly #listener: number;
  readonly #children: number;
  readonly #kept: KeptDescriptors;
  readonly #watched: WatchedProcesses;
  readonly #chunk = Buffer.alloc(65536);
  /** The build in memory; the file on disk may be newer. */
  readonly #build = buildId();
  #manager: Manager | undefined;
  /** The identity of the socket's file. */
  readonly #inode: number;
  #lastCall = Number.NEGATIVE_INFINITY;
  #pause = CALL_AGAIN.first;

  constructor(kernel: Kernel, path: string) {
    this.#kernel = kernel;
    this.#path = path;
    this.#kept = new KeptDescriptors(kernel);
    this.#watched = new WatchedProcesses(kernel);
    rmSync(path, { force: true });
    this.#listener = kernel.socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0);
    kernel.bind(this.#listener, unixAddress(path));
    kernel.listen(this.#listener, 8);
    this.#inode = statSync(path).ino;
    kernel.prctl(PR.SET_CHILD_SUBREAPER, 1);
    kernel.prctl(PR.SET_DUMPABLE, 0);
    this.#children = kernel.signalfd([SIG.CHLD]);
  }

  run(): never {
    for (;;) {
      for (const end of this.#watched.fosterEnds()) this.#report(end);
      const busy = this.#manager !== undefined || this.#kept.size > 0 || this.#watched.size > 0;
      // An end that no manager has seen to: hooks have to run, things are given back, and the
      // container may have to be started again.
      const calling = this.#manager === undefined && this.#watched.ended().length > 0;
      if (calling) this.#callManager();
      const events = this.#kernel.poll(this.#interests(), this.#timeout(calling));
      if (events.length === 0 && !busy) this.#leave();
      if (this.#manager === undefined && !this.#isReachable()) this.#leave();
      for (const { fd, events: what } of events) {
        if (fd === this.#listener) this.#accept();
        else if (fd === this.#children) this.#reap();
        else if (fd === this.#manager?.socket) this.#hear(this.#manager);
        else this.#other(fd, what);
      }
    }
  }

  /** How long poll(2) may wait, milliseconds. */
  #timeout(calling: boolean): number {
    if (this.#watched.pause >= 0) return this.#watched.pause;
    if (calling) return Math.min(this.#pause, LONELY);
    return this.#manager ? -1 : LONELY;
  }

  /**
   * Whether a manager that looks for a keeper comes here. Where the run directory was removed,
   * another keeper takes its place, and this one would stay for ever.
   */
  #isReachable(): boolean {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    return stat !== undefined && stat.ino === this.#inode;
  }

  #other(fd: number, what: number): void {
    const pid = this.#watched.pidOf(fd);
    if (pid === undefined) {
      this.#kept.drain(fd, what);
      return;
    }
    // A child is reaped, which tells how it ended; of another's child the kernel may tell.
    this.#reap();
    this.#watched.fosterEnded(pid);
  }

  #interests(): { fd: number; events: number }[] {
    const others = this.#manager ? [this.#manager.socket] : this.#kept.consoles();
    const fds = [this.#listener, this.#children, ...this.#watched.pidfds(), ...others];
    return fds.map((fd) => ({ fd, events: POLL.IN }));
  }

  /**
   * The newest manager is the one that counts: it holds the manager's lock. Others than our own
   * user are refused.
   */
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

  /** Starts a manager; not again and again where each of them dies. */
  #callManager(): void {
    const now = performance.now();
    if (now - this.#lastCall < this.#pause) return;
    if (now - this.#lastCall < 2 * this.#pause) this.#pause = Math.min(2 * this.#pause, CALL_AGAIN.most);
    this.#lastCall = now;
    callManager(this.#kernel);
  }

  #serve(manager: Manager, request: KeeperRequest): KeeperResult {
    switch (request.op) {
      case 'hello': {
        manager.pid = request.pid;
        manager.pidfd = this.#kernel.pidfdOpen(request.pid);
        return {
          pid: this.#kernel.pid(),
          build: this.#build,
          kept: this.#kept.byLabel(),
          ended: this.#watched.ended(),
        };
      }
      case 'keep':
        if (request.watch) this.#watched.watch(request.pid);
        this.#kept.keep(request);
        return {};
      case 'drop':
        this.#kept.drop(request.prefix);
        return {};
      case 'fork-server':
        return { pid: this.#forkServer(manager, request.control) };
      case 'watch':
        this.#watched.watch(request.pid);
        return {};
      case 'forget':
        this.#watched.forget(request.pid);
        this.#pause = CALL_AGAIN.first;
        return {};
      case 'quit':
        return this.#leave();
    }
  }

  #forkServer(manager: Manager, number: number): number {
    const control = this.#kernel.pidfdGetfd(manager.pidfd, number);
    const pid = this.#kernel.fork();
    if (pid === 0) forkServer(this.#kernel, control, manager.pidfd);
    this.#kernel.close(control);
    return pid;
  }

  /**
   * Everything that has ended: watched ones are remembered until the manager says that it knows.
   */
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
    this.#watched.note(ended);
    if (this.#manager) this.#say(this.#manager, { event: 'ended', ended });
  }

  #leave(): never {
    if (this.#isReachable()) rmSync(this.#path, { force: true });
    return this.#kernel.exit(0);
  }
}

/** Starts a manager, by the program and from the binary that this process was forked of. */
function callManager(kernel: Kernel): void {
  if (kernel.fork() !== 0) return;
  kernel.clearSignalMask();
  kernel.setsid();
  for (const fd of [0, 1, 2]) kernel.setCloexec(fd, false);
  const env = Object.entries(ownEnvironment()).map(([name, value]) => `${name}=${value}`);
  try {
    withReadOnlyHost(kernel, (hostRoot) => {
      kernel.setCloexec(hostRoot, false);
      const args = [...process.execArgv, process.argv[1]!, hostRootArgument(hostRoot)];
      kernel.exec('/proc/self/exe', ['tslxcd', ...args], env);
    });
  } finally {
    kernel.exit(127);
  }
}

/**
 * Turns this process (a fresh child of the manager's first moments) into the keeper. `lockFile`
 * makes it the only one of its run directory; where another holds it, this one ends.
 */
export function runKeeper(
  kernel: Kernel,
  path: string,
  lockFile: string,
  closeFirst: readonly number[],
): never {
  // Node's own way to end waits for threads that a forked child does not have, for ever.
  process.setUncaughtExceptionCaptureCallback((error) => {
    complain(kernel, error);
    kernel.exit(1);
  });
  for (const fd of closeFirst) kernel.close(fd);
  process.title = 'tslxc-keeper';
  kernel.setsid();
  const lock = openSync(lockFile, O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC, 0o600);
  if (!kernel.flock(lock, LOCK.EX | LOCK.NB)) kernel.exit(0);
  try {
    new Keeper(kernel, path).run();
  } catch (error) {
    complain(kernel, error);
  }
  return kernel.exit(1);
}

/** The log may be full, and a forked child may have closed it. */
function complain(kernel: Kernel, error: unknown): void {
  try {
    kernel.write(2, Buffer.from(`tslxc keeper: ${(error as Error).stack}\n`));
  } catch {
    // ENOSPC, EBADF.
  }
}
