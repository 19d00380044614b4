import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';

export interface ConsoleLogOptions {
  /** `lxc.console.logfile`, absolute. */
  readonly path: string;
  /** `lxc.console.size` in bytes; 0 or nothing: no limit. */
  readonly size?: number | undefined;
  /** `lxc.console.rotate`: a full file becomes `path.1`; otherwise it is emptied. */
  readonly rotate?: boolean | undefined;
  /** Called once when writing fails, and again only after a write has succeeded in between. */
  readonly onError: (error: TslxcError) => void;
}

const MODE = 0o640;
// O_NOFOLLOW: another user may have put a symlink there. O_NONBLOCK: a fifo may have no reader.
const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  constants.O_NOCTTY;

/**
 * The file to which a container's console output is appended. Writes are synchronous, into the page
 * cache: nothing is lost when the manager is killed. Only opening throws; a full disk is reported
 * once, and the console continues.
 */
export class ConsoleLog {
  readonly #options: ConsoleLogOptions;
  #fd = -1;
  /** Current size of the file, bytes. */
  #length = 0;
  /** Bytes; Infinity for files that are not regular, such as /dev/null. */
  #limit = Infinity;
  #failing = false;

  constructor(options: ConsoleLogOptions) {
    this.#options = options;
    this.#open();
  }

  append(bytes: Uint8Array): void {
    if (this.#fd < 0) return;
    try {
      let rest = bytes;
      const space = this.#limit - this.#length;
      if (rest.length > space) {
        const fitting = Math.max(0, space);
        this.#write(rest.subarray(0, fitting));
        rest = rest.subarray(fitting);
        // Like LXC, only the end of a burst larger than the whole file is kept.
        if (rest.length > this.#limit) rest = rest.subarray(rest.length - this.#limit);
        this.#startAnew();
      }
      this.#write(rest);
      this.#failing = false;
    } catch (error) {
      this.#report(error);
    }
  }

  /** Rotates or truncates the file now, regardless of its size: LXC's rotation by request. */
  rotate(): void {
    if (this.#fd < 0) return;
    try {
      this.#startAnew();
    } catch (error) {
      this.#report(error);
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(): void {
    const { path, size } = this.#options;
    try {
      this.#fd = openSync(path, FLAGS, MODE);
      const stat = fstatSync(this.#fd);
      if (!stat.isFile() && !stat.isCharacterDevice())
        throw new TslxcError({
          code: 'CONFIG_VALUE',
          message: `console log ${path} is not a file`,
          file: path,
        });
      // Set explicitly, so that the umask does not decide whether the group can read the log.
      if (stat.isFile() && stat.size === 0) fchmodSync(this.#fd, MODE);
      this.#length = stat.size;
      this.#limit = stat.isFile() && size ? size : Infinity;
    } catch (error) {
      this.close();
      const symlink = (error as NodeJS.ErrnoException).code === 'ELOOP';
      throw toTslxcError(error, 'STORAGE', {
        message: `console log ${path}`,
        file: path,
        ...(symlink ? { hint: `${path} is a symbolic link, which is not followed` } : {}),
      });
    }
  }

  #write(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const written = writeSync(this.#fd, rest);
      this.#length += written;
      rest = rest.subarray(written);
    }
  }

  #startAnew(): void {
    const { path, rotate } = this.#options;
    if (rotate) {
      renameSync(path, `${path}.1`);
      this.close();
      this.#open();
    } else {
      ftruncateSync(this.#fd);
      this.#length = 0;
    }
  }

  #report(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#options.onError(
      toTslxcError(error, 'STORAGE', {
        message: `console log ${this.#options.path}`,
        file: this.#options.path,
      }),
    );
  }
}
