const FIRST_ALLOCATION = 4096;

/**
 * The last `capacity` bytes that were appended. Memory grows on demand, so that a quiet container
 * costs little.
 */
export class RingBuffer {
  readonly capacity: number;
  #bytes: Buffer;
  /** Position of the next byte. */
  #next = 0;
  #length = 0;

  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 0)
      throw new RangeError(`ring buffer of ${capacity} bytes`);
    this.capacity = capacity;
    this.#bytes = Buffer.alloc(Math.min(capacity, FIRST_ALLOCATION));
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    let rest = bytes.length > this.capacity ? bytes.subarray(bytes.length - this.capacity) : bytes;
    if (rest.length === 0) return;
    this.#grow(this.#length + rest.length);
    this.#length = Math.min(this.#length + rest.length, this.#bytes.length);
    while (rest.length > 0) {
      const part = rest.subarray(0, this.#bytes.length - this.#next);
      this.#bytes.set(part, this.#next);
      this.#next = (this.#next + part.length) % this.#bytes.length;
      rest = rest.subarray(part.length);
    }
  }

  /** Returns a copy of all bytes, oldest first. */
  read(): Buffer {
    const start = this.#next - this.#length;
    if (start >= 0) return Buffer.from(this.#bytes.subarray(start, this.#next));
    return Buffer.concat([
      this.#bytes.subarray(start + this.#bytes.length),
      this.#bytes.subarray(0, this.#next),
    ]);
  }

  clear(): void {
    this.#next = 0;
    this.#length = 0;
    this.#bytes = Buffer.alloc(Math.min(this.capacity, FIRST_ALLOCATION));
  }

  /** Grows the buffer for `wanted` bytes, up to the capacity. */
  #grow(wanted: number): void {
    if (wanted <= this.#bytes.length || this.#bytes.length === this.capacity) return;
    const kept = this.read();
    this.#bytes = Buffer.alloc(Math.min(this.capacity, Math.max(wanted, this.#bytes.length * 2)));
    this.#bytes.set(kept);
    this.#next = kept.length;
  }
}
