/** The kernel's log, as far back as it reaches (kmsg; Documentation/ABI/testing/dev-kmsg). */
import { openSync, readSync } from 'node:fs';
import { O } from '../kernel/constants.ts';

export interface KernelMessage {
  /** Microseconds since the host's boot. */
  readonly time: number;
  readonly text: string;
}

/** A read gives one record; this is longer than any record of the kernel's. */
const RECORD = 8192;
/** Found ones that are remembered: the kernel itself forgets. */
const MOST = 4096;

/**
 * The messages in which a word occurs. The whole log is thousands of records of a system call each:
 * it is read once, and then only new records.
 */
export class KernelLog {
  readonly #word: string;
  readonly #found: KernelMessage[] = [];
  readonly #buffer = Buffer.allocUnsafe(RECORD);
  #fd: number | undefined;

  constructor(word: string) {
    this.#word = word;
  }

  /** Oldest first; none where the log may not be read. */
  messages(): readonly KernelMessage[] {
    try {
      this.#fd ??= openSync('/dev/kmsg', O.RDONLY | O.NONBLOCK | O.CLOEXEC);
    } catch {
      return [];
    }
    for (let length = this.#read(this.#fd); length !== 0; length = this.#read(this.#fd)) {
      const record = this.#buffer.toString('latin1', 0, Math.max(0, length));
      const message = record.includes(this.#word) ? parseKernelRecord(record) : undefined;
      if (message) this.#found.push(message);
    }
    if (this.#found.length > MOST) this.#found.splice(0, this.#found.length - MOST);
    return this.#found;
  }

  /** Length of the next record; 0 at the end; -1 where the kernel has overwritten what was next. */
  #read(fd: number): number {
    try {
      return readSync(fd, this.#buffer);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPIPE' ? -1 : 0;
    }
  }
}

/** `LEVEL,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, then lines of the dictionary. */
export function parseKernelRecord(record: string): KernelMessage | undefined {
  const match = /^\d+,\d+,(\d+),[^;]*;([^\n]*)/.exec(record);
  return match ? { time: Number(match[1]), text: match[2]! } : undefined;
}
