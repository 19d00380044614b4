import type { ExitStatus, Kernel } from '../kernel/kernel.ts';
import type { Ended } from './keeper-protocol.ts';

/**
 * A process whose end the manager wants to know. One that an earlier keeper started is no child of
 * ours.
 */
interface Watched {
  /** -1 once it has ended. */
  pidfd: number;
  /** Null while it runs, and for good where another's child ended and only that can be known. */
  status: ExitStatus | null;
}

/**
 * How often, and for how many milliseconds each time, a foster parent is waited for that has yet to
 * reap.
 */
const PATIENCE = { times: 10, milliseconds: 5 };

/** The keeper's memory of how processes ended, until a manager has heard of it. */
export class WatchedProcesses {
  readonly #kernel: Kernel;
  readonly #watched = new Map<number, Watched>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  get size(): number {
    return this.#watched.size;
  }

  has(pid: number): boolean {
    return this.#watched.has(pid);
  }

  watch(pid: number): void {
    if (!this.#watched.has(pid)) this.#watched.set(pid, { pidfd: this.#kernel.pidfdOpen(pid), status: null });
  }

  forget(pid: number): void {
    this.note({ pid, status: null });
    this.#watched.delete(pid);
  }

  /** It has ended: its status is kept, if it is a watched one. */
  note({ pid, status }: Ended): void {
    const watched = this.#watched.get(pid);
    if (!watched) return;
    if (watched.pidfd >= 0) this.#kernel.close(watched.pidfd);
    watched.pidfd = -1;
    watched.status = status;
  }

  /** Descriptors that become readable when their process ends. */
  pidfds(): number[] {
    return [...this.#watched.values()].flatMap(({ pidfd }) => (pidfd < 0 ? [] : [pidfd]));
  }

  pidOf(pidfd: number): number | undefined {
    return [...this.#watched].find(([, watched]) => watched.pidfd === pidfd)?.[0];
  }

  /**
   * How another's child ended, where the kernel tells: it knows once the foster parent has reaped
   * it.
   */
  fosterEnd(pid: number): Ended | undefined {
    const pidfd = this.#watched.get(pid)?.pidfd ?? -1;
    if (pidfd < 0) return undefined;
    for (let i = 0; i < PATIENCE.times; i++) {
      const status = this.#kernel.pidfdExit(pidfd);
      if (status) return { pid, status };
      this.#kernel.poll([], PATIENCE.milliseconds);
    }
    return { pid, status: null };
  }

  ended(): Ended[] {
    return [...this.#watched].flatMap(([pid, { pidfd, status }]) => (pidfd < 0 ? [{ pid, status }] : []));
  }
}
