/** The file that a manager's standard error goes to, over many managers. */
import { closeSync, fstatSync, openSync, readFileSync, renameSync } from 'node:fs';
import { O } from '../../kernel/constants.ts';

/** A larger file becomes `tslxcd.log.1` when the next manager starts, bytes. */
const FULL = 256 * 1024;
const LONGEST_WORDS = 300;

export class ManagerLog {
  readonly path: string;
  /** Where the words of the manager that is started now begin. */
  #begin = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** A descriptor to append to, to be closed; /dev/null where the run directory is full. */
  open(): number {
    try {
      let fd = this.#append();
      if (fstatSync(fd).size > FULL) {
        closeSync(fd);
        renameSync(this.path, `${this.path}.1`);
        fd = this.#append();
      }
      this.#begin = fstatSync(fd).size;
      return fd;
    } catch {
      return openSync('/dev/null', O.WRONLY | O.CLOEXEC);
    }
  }

  #append(): number {
    return openSync(this.path, O.WRONLY | O.CREAT | O.APPEND | O.NOFOLLOW | O.CLOEXEC, 0o600);
  }

  /** `: ` and a line that the manager has written since `open`; empty where there is none. */
  lastWords(which: 'first' | 'last' = 'first'): string {
    try {
      const words = readFileSync(this.path).subarray(this.#begin).toString().trim();
      const line = words.split('\n').at(which === 'first' ? 0 : -1)!;
      return line && `: ${line.slice(0, LONGEST_WORDS)}`;
    } catch {
      return '';
    }
  }
}
