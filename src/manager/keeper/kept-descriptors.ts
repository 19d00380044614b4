/**
 * Terminals that outlive the manager: the keeper's descriptors, by labels that the manager chose.
 */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { O, POLL } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { KeepRequest } from './keeper-protocol.ts';

interface Kept {
  readonly fd: number;
  /**
   * A console's master, read while there is no manager. Its slave is held open: without an open
   * slave, reading reports a hang-up forever once the container has closed the console.
   */
  readonly drain: { readonly log?: string | undefined; readonly slave: number } | undefined;
}

export class KeptDescriptors {
  readonly #kernel: Kernel;
  readonly #kept = new Map<string, Kept>();
  readonly #chunk = Buffer.alloc(65536);

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Copies descriptors of another process; what has such a label is replaced. */
  keep({ pid, descriptors }: KeepRequest): void {
    const pidfd = this.#kernel.pidfdOpen(pid);
    try {
      for (const { label, fd: theirs, drain } of descriptors) {
        const old = this.#kept.get(label);
        const fd = this.#kernel.pidfdGetfd(pidfd, theirs);
        if (old) this.#close(old);
        this.#kept.set(label, { fd, drain: drain && { ...drain, slave: this.#kernel.openPtyPeer(fd) } });
      }
    } finally {
      this.#kernel.close(pidfd);
    }
  }

  drop(prefix: string): void {
    for (const [label, kept] of this.#kept)
      if (label.startsWith(prefix)) {
        this.#close(kept);
        this.#kept.delete(label);
      }
  }

  #close({ fd, drain }: Kept): void {
    this.#kernel.close(fd);
    if (drain) this.#kernel.close(drain.slave);
  }

  byLabel(): Record<string, number> {
    return Object.fromEntries([...this.#kept].map(([label, { fd }]) => [label, fd]));
  }

  consoles(): number[] {
    return [...this.#kept.values()].flatMap(({ fd, drain }) => (drain ? [fd] : []));
  }

  /** Something happened on a console: what it says goes to its log, or nowhere. */
  drain(fd: number, events: number): void {
    const log = [...this.#kept.values()].find((kept) => kept.fd === fd)?.drain?.log;
    if (!(events & POLL.IN)) return;
    let length = 0;
    try {
      length = this.#kernel.read(fd, this.#chunk);
    } catch {
      // EIO: the pty was hung up in this moment.
    }
    if (length > 0 && log) appendLog(log, this.#chunk.subarray(0, length));
  }
}

function appendLog(file: string, bytes: Uint8Array): void {
  try {
    const fd = openSync(file, O.WRONLY | O.APPEND | O.CREAT | O.NOFOLLOW, 0o640);
    appendFileSync(fd, bytes);
    closeSync(fd);
  } catch {
    // A full disk costs the log, never the container.
  }
}
