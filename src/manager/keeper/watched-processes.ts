import { readFileSync } from 'node:fs';
import type { ExitStatus, Kernel } from '../../kernel/kernel.ts';
import type { Ended } from './keeper-protocol.ts';

/**
 * A process whose end the manager waits for. A process that an earlier keeper started is no child
 * of the present keeper.
 */
interface Watched {
  /** -1 once it has ended. */
  pidfd: number;
  /** Null while it runs, and for good where another's child ended and only that can be known. */
  status: ExitStatus | null;
  /** When its end was noticed, while its status is asked for. */
  since?: number;
}

/** How long, and how often, the kernel is asked how another's child has ended, milliseconds. */
const FOSTER = { patience: 5000, pause: 20 };

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

  /** Records the exit status of a process, if it is watched. */
  note({ pid, status }: Ended): void {
    const watched = this.#watched.get(pid);
    if (!watched) return;
    if (watched.pidfd >= 0) this.#kernel.close(watched.pidfd);
    watched.pidfd = -1;
    watched.status = status;
    delete watched.since;
  }

  /** Descriptors that become readable when their process ends. */
  pidfds(): number[] {
    return [...this.#watched.values()].flatMap(({ pidfd, since }) =>
      pidfd < 0 || since !== undefined ? [] : [pidfd],
    );
  }

  pidOf(pidfd: number): number | undefined {
    return [...this.#watched].find(([, watched]) => watched.pidfd === pidfd)?.[0];
  }

  /** Another's child has ended. How it ended is asked for until the kernel tells (`fosterEnds`). */
  fosterEnded(pid: number): void {
    const watched = this.#watched.get(pid);
    if (watched && watched.pidfd >= 0) watched.since ??= performance.now();
  }

  /** How long to wait before the kernel is asked again, milliseconds; -1: nothing is asked. */
  get pause(): number {
    return [...this.#watched.values()].some(({ since }) => since !== undefined) ? FOSTER.pause : -1;
  }

  /**
   * How children of others ended, as far as that is known by now. The kernel tells once the foster
   * parent has reaped the process, and /proc until then. A status that stays unknown is null.
   */
  fosterEnds(): Ended[] {
    return [...this.#watched].flatMap(([pid, { pidfd, since }]) => {
      if (since === undefined) return [];
      const status = this.#kernel.pidfdExit(pidfd) ?? zombieStatus(pid) ?? null;
      return status || performance.now() - since > FOSTER.patience ? [{ pid, status }] : [];
    });
  }

  ended(): Ended[] {
    return [...this.#watched].flatMap(([pid, { pidfd, status }]) => (pidfd < 0 ? [{ pid, status }] : []));
  }
}

/**
 * The wait status of a process that its parent has not reaped yet: the last field of
 * proc_pid_stat(5).
 */
function zombieStatus(pid: number): ExitStatus | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .trim()
      .split(' ');
    if (fields[0] !== 'Z') return undefined;
    const status = Number(fields.at(-1));
    const signal = status & 0x7f;
    return signal === 0 ? { code: (status >> 8) & 0xff, signal: null } : { code: null, signal };
  } catch {
    return undefined;
  }
}
