import type { Calls } from './binding.ts';

/** Pointers to C strings, to be referenced for as long as C may read them. */
export interface PointerArray {
  readonly array: Buffer;
  readonly strings: readonly Buffer[];
}

/**
 * A NULL-terminated array of C strings, as execve(2) wants it. @throws TypeError for a NUL in one
 * of them
 */
export function pointerArray(c: Calls, items: readonly string[]): PointerArray {
  const strings = items.map((item) => {
    if (item.includes('\0')) throw new TypeError('an argument holds a NUL byte');
    return Buffer.from(`${item}\0`);
  });
  const array = Buffer.alloc((items.length + 1) * 8);
  strings.forEach((string, i) => {
    array.writeBigInt64LE(BigInt(c.addressOf(string, string, 0)), i * 8);
  });
  return { array, strings };
}
