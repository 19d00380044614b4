/**
 * How much an archive may unpack to: a few kilobytes can stand for more than any disk holds
 * (CVE-2026-41648).
 */
import { TslxcError } from '../../errors/tslxc-error.ts';

export interface UnpackLimits {
  /** Bytes of all files together; 0 for no limit. */
  readonly bytes: number;
  /** Files, directories, links and nodes; 0 for no limit. */
  readonly entries: number;
}

export const DEFAULT_LIMITS: UnpackLimits = { bytes: 64 * 1024 ** 3, entries: 4_000_000 };

/** Follows the listing that tar prints of each entry before its content is unpacked (`tar -vv`). */
export class UnpackGauge {
  readonly #limits: UnpackLimits;
  #bytes = 0;
  #entries = 0;
  #rest = '';

  constructor(limits: UnpackLimits) {
    this.#limits = limits;
  }

  /** @returns why the archive is too large; undefined while it is not */
  add(chunk: Uint8Array): TslxcError | undefined {
    const lines = (this.#rest + Buffer.from(chunk).toString('latin1')).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      this.#entries++;
      this.#bytes += sizeIn(line);
    }
    return this.#fault();
  }

  #fault(): TslxcError | undefined {
    const { bytes, entries } = this.#limits;
    if (bytes > 0 && this.#bytes > bytes)
      return tooLarge(
        `more than ${bytes} bytes of files`,
        `--max-size ${Math.ceil((bytes * 4) / 1024 ** 3)}g`,
      );
    if (entries > 0 && this.#entries > entries)
      return tooLarge(`more than ${entries} files`, `--max-files ${entries * 4}`);
    return undefined;
  }
}

/**
 * `-rw-r--r-- 0/0  1234 2026-11-30 20:00 ./name`. A device has numbers there, and takes no room.
 */
function sizeIn(line: string): number {
  const [, size] = /^[-hld]\S* +\S+ +(\d+) /.exec(line) ?? [];
  return line.startsWith('-') ? Number(size ?? 0) : 0;
}

function tooLarge(what: string, option: string): TslxcError {
  return new TslxcError({
    code: 'STORAGE',
    message: `the archive unpacks to ${what}`,
    hint: `an archive of this kind can be made to fill a disk; if this one is yours, raise the limit: ${option}`,
  });
}
