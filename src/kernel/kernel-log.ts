/** The kernel's log, as far back as it reaches (kmsg; Documentation/ABI/testing/dev-kmsg). */
import { closeSync, openSync, readSync } from 'node:fs';
import { O } from './constants.ts';

export interface KernelMessage {
  /** Microseconds since the host's boot. */
  readonly time: number;
  readonly text: string;
}

/** One read gives one record; this is more than the kernel makes one of. */
const RECORD = 8192;

/** All messages in which `word` occurs, oldest first; none where the log may not be read. */
export function kernelMessages(word: string): KernelMessage[] {
  let fd: number;
  try {
    fd = openSync('/dev/kmsg', O.RDONLY | O.NONBLOCK | O.CLOEXEC);
  } catch {
    return [];
  }
  const found: KernelMessage[] = [];
  const buffer = Buffer.allocUnsafe(RECORD);
  try {
    for (;;) {
      const length = readRecord(fd, buffer);
      if (length === 0) return found;
      const record = buffer.toString('latin1', 0, Math.max(0, length));
      if (length > 0 && record.includes(word)) {
        const message = parseKernelRecord(record);
        if (message) found.push(message);
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** `LEVEL,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, then lines of the dictionary. */
export function parseKernelRecord(record: string): KernelMessage | undefined {
  const match = /^\d+,\d+,(\d+),[^;]*;([^\n]*)/.exec(record);
  return match ? { time: Number(match[1]), text: match[2]! } : undefined;
}

/** Length of the record; 0 at the end; -1 where the kernel has overwritten what was next. */
function readRecord(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return -1;
    return 0;
  }
}
