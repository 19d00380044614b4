import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import type { ValueType } from './value-type.ts';

/** What /proc/PID/timens_offsets takes: `nanoseconds` is never negative, `seconds` may be. */
export interface TimeOffset {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** How many of the unit make a second, or how many seconds make the unit. */
const PER_SECOND: Readonly<Record<string, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };
const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

export const timeOffset: ValueType<TimeOffset> = {
  name: 'NUMBER UNIT',
  valid: 'a number, which may be negative, with one of the units h m s ms us ns',
  parse(text) {
    const match = /^(.*?)[ \t]*(h|m|s|ms|us|ns)$/.exec(text);
    if (!match) throw new BadValue(`"${text}" has no unit`, text.length);
    const [, digits = '', unit = ''] = match;
    const number = wholeNumber(digits);
    if (number === undefined) throw new BadValue(`"${digits}" is not a whole number`);
    const multiple = SECONDS[unit];
    if (multiple !== undefined) {
      if (!Number.isSafeInteger(number * multiple)) throw new BadValue(`${text} is too large`);
      return { seconds: number * multiple, nanoseconds: 0 };
    }
    const per = PER_SECOND[unit] ?? 1;
    const seconds = Math.floor(number / per);
    return { seconds, nanoseconds: (number - seconds * per) * (1e9 / per) };
  },
  print({ seconds, nanoseconds }) {
    if (nanoseconds === 0) return seconds === 0 ? '0 ns' : `${seconds} s`;
    return `${BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)} ns`;
  },
};
