/**
 * Longest line accepted from a peer, bytes. Lengths are bounded before anything is parsed
 * (CVE-2021-43784).
 */
export const MAX_LINE = 1 << 20;

const NEWLINE = 10;

/** Splits a stream of bytes into lines. */
export class LineBuffer {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * Returns the lines that this chunk completes, without their newlines.
   * @throws RangeError if a line is longer than MAX_LINE
   */
  push(chunk: Uint8Array): string[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const lines: string[] = [];
    let start = 0;
    for (;;) {
      const end = this.#pending.indexOf(NEWLINE, start);
      if (end < 0) break;
      lines.push(this.#pending.toString('utf8', start, end));
      start = end + 1;
    }
    this.#pending = this.#pending.subarray(start);
    if (this.#pending.length > MAX_LINE) throw new RangeError(`a line of more than ${MAX_LINE} bytes`);
    return lines;
  }
}
