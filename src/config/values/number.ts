import { BadValue } from './bad-value.ts';
import { passOver, type ValueType } from './value-type.ts';

const DIGITS = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))$/;

/**
 * A whole number as C's strtol reads it with base 0, which is what LXC does: `0x10` is 16 and `010`
 * is 8. Returns undefined for anything else, and for what a double cannot hold exactly.
 */
export function wholeNumber(text: string): number | undefined {
  const match = DIGITS.exec(text);
  if (!match) return undefined;
  const [, sign, hex, octal, decimal] = match;
  const size = hex ? Number.parseInt(hex, 16) : octal ? Number.parseInt(octal, 8) : Number(decimal);
  if (!Number.isSafeInteger(size)) return undefined;
  return sign === '-' && size !== 0 ? -size : size;
}

/** A whole number within bounds, both included. */
export function numberBetween(least: number, most: number, name = 'NUMBER'): ValueType<number> {
  const valid = `a whole number from ${least} to ${most}`;
  return {
    name,
    valid,
    parse(text) {
      const number = wholeNumber(text);
      if (number === undefined) throw new BadValue(`"${text}" is not a whole number`);
      if (number < least) throw new BadValue(`${text} is too small`);
      if (number > most) throw new BadValue(`${text} is too large`);
      return number;
    },
    print: String,
  };
}

/** The largest value of C's unsigned int; LXC keeps most counts in one. */
const UINT_MAX = 0xffff_ffff;
const INT_MAX = 0x7fff_ffff;

export const count = numberBetween(0, UINT_MAX, 'COUNT');
export const seconds = numberBetween(0, UINT_MAX, 'SECONDS');
export const integer = numberBetween(-INT_MAX - 1, INT_MAX, 'INTEGER');
/** A user or group id. 4294967295 means "no id" to the kernel. */
export const id = numberBetween(0, UINT_MAX - 1, 'ID');

/** As `type`, but text that is no number is 0, as LXC has it for a few keys. */
export function elseZero<T>(type: ValueType<T>, zero: T): ValueType<T> {
  return {
    ...type,
    parse(text, context) {
      try {
        return type.parse(text, context);
      } catch (error) {
        if (!(error instanceof BadValue) || wholeNumber(text) !== undefined) throw error;
        passOver(context, `${error.message}; 0 is taken`, error.offset);
        return zero;
      }
    },
  };
}

/** `0` is off, any other number is on. */
export const nonZero: ValueType<boolean> = {
  name: '0|1',
  valid: '0 (off) or 1 (on)',
  parse: (text, context) => count.parse(text, context) !== 0,
  print: (value) => (value ? '1' : '0'),
};

/** `0` or `1`. LXC takes no other words for it. */
export const flag: ValueType<boolean> = {
  name: '0|1',
  valid: '0 (off) or 1 (on)',
  parse(text) {
    const number = wholeNumber(text);
    if (number !== 0 && number !== 1) throw new BadValue(`"${text}" is neither 0 nor 1`);
    return number === 1;
  },
  print: (value) => (value ? '1' : '0'),
};
