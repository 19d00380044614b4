import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { O } from '../../kernel/constants.ts';

/** Bytes read at most of a file that was there before. */
const MOST = 1 << 20;

/**
 * A text file that another process appends to, and now and then moves away (`rotated` is where to)
 * to begin anew.
 */
export class TailedFile {
  readonly #path: string;
  readonly #rotated: string | undefined;
  #inode = -1;
  #offset = 0;
  #rest = '';

  constructor(path: string, rotated?: string) {
    this.#path = path;
    this.#rotated = rotated;
  }

  /** The complete lines that have come since the last time. */
  read(): string[] {
    let text = '';
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    if (!stat) return [];
    if (stat.ino !== this.#inode) {
      if (this.#inode >= 0 && this.#rotated && statSync(this.#rotated, NONE)?.ino === this.#inode)
        text += this.#from(this.#rotated);
      this.#inode = stat.ino;
      this.#offset = Math.max(0, stat.size - MOST);
    } else if (stat.size < this.#offset) this.#offset = 0;
    text += this.#from(this.#path);
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }

  #from(path: string): string {
    let fd: number;
    try {
      // A config may name anything as a log: opening must not wait for a writer.
      fd = openSync(path, O.RDONLY | O.NONBLOCK | O.NOCTTY | O.CLOEXEC);
    } catch {
      return '';
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.size <= this.#offset) return '';
      const buffer = Buffer.alloc(stat.size - this.#offset);
      const length = readSync(fd, buffer, 0, buffer.length, this.#offset);
      this.#offset += length;
      return buffer.toString('utf8', 0, length);
    } finally {
      closeSync(fd);
    }
  }
}

const NONE = { throwIfNoEntry: false } as const;
