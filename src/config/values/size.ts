import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import { passOver, type ValueType } from './value-type.ts';

const UNIT: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};
const SIZE = /^(\+?[0-9a-fA-FxX]+?)[ \t]*(?:([KMGT])(?:iB|B)?|(B))?$/i;

/** LXC's `auto` for the console's log and ring buffer: 128 KiB. */
const AUTO_BYTES = 128 * 1024;
const PAGE_BYTES = 4096;

/**
 * Bytes from a number with an optional unit; units count in 1024s, as LXC's KB, MB and GB do. LXC
 * ignores a unit without the B (`64K` is 64 bytes to it), which no user means, so here K is KB.
 */
export function parseSize(text: string): number {
  const match = SIZE.exec(text);
  const number = match ? wholeNumber(match[1] ?? '') : undefined;
  const bytes = (number ?? Number.NaN) * (UNIT[(match?.[2] ?? '').toUpperCase()] ?? Number.NaN);
  if (Number.isNaN(bytes)) throw new BadValue(`"${text}" is not a size`);
  if (!Number.isSafeInteger(bytes)) throw new BadValue(`${text} is too large`);
  return bytes;
}

const VALID_SIZE = 'a number of bytes, or a number with KB, MB or GB';

/** Bytes. */
export const size: ValueType<number> = { name: 'SIZE', valid: VALID_SIZE, parse: parseSize, print: String };

/** Bytes; a text that is no size stands for the default, as LXC has it. */
export function sizeOrDefault(bytes: number): ValueType<number> {
  return {
    ...size,
    parse(text, context) {
      try {
        return parseSize(text);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        passOver(context, `${error.message}; ${bytes} is taken`, error.offset);
        return bytes;
      }
    },
  };
}

/** Bytes of a buffer: at least a page, rounded up to a power of two, as LXC does. */
function buffer(largest: number, shown: string): ValueType<number> {
  return {
    name: 'SIZE|auto',
    valid: `${VALID_SIZE}, or auto (128 KiB); it is rounded up to a power of two from 4096 to ${shown}`,
    parse(text) {
      if (text === 'auto') return AUTO_BYTES;
      const bytes = parseSize(text);
      if (bytes > largest) throw new BadValue(`${text} is too large`);
      return 2 ** Math.ceil(Math.log2(Math.max(bytes, PAGE_BYTES)));
    },
    print: String,
  };
}

/** The most bytes of a file on disk. */
export const fileSize = buffer(2 ** 40, '1TB');
/** The most bytes of the manager's memory, which all containers share. */
export const ringSize = buffer(64 * 2 ** 20, '64MB');
