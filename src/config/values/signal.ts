import { constants } from 'node:os';
import { BadValue } from './bad-value.ts';
import { meant } from './meant.ts';
import { wholeNumber } from './number.ts';
import type { ValueType } from './value-type.ts';

/** The C library keeps 32 and 33 for itself: its real-time signals start here (signal(7)). */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** Numbers by name, with the names of signal(7) that Node does not list. */
const SIGNALS: Readonly<Record<string, number>> = { ...constants.signals, SIGCLD: 17, SIGPOLL: 29 };

const REAL_TIME = /^SIGRT(MIN|MAX)(?:([+-])([0-9]{1,2}))?$/;

/** The number of a signal, or undefined; names in any case, with their SIG. */
export function signalNumber(text: string): number | undefined {
  const number = wholeNumber(text);
  if (number !== undefined) return number >= 0 && number <= SIGRTMAX ? number : undefined;
  const name = text.toUpperCase();
  const realTime = REAL_TIME.exec(name);
  if (!realTime) return SIGNALS[name];
  const [, end, sign, distance = '0'] = realTime;
  const found = (end === 'MIN' ? SIGRTMIN : SIGRTMAX) + (sign === '-' ? -1 : 1) * Number(distance);
  return found >= SIGRTMIN && found <= SIGRTMAX ? found : undefined;
}

/** What was meant: most often the name without its SIG. */
function slip(text: string): string {
  const whole = `SIG${text.toUpperCase()}`;
  if (signalNumber(whole) !== undefined) return `; write it as ${whole}`;
  return meant(text, Object.keys(constants.signals));
}

export const signal: ValueType<number> = {
  name: 'SIGNAL',
  valid: 'a signal by its name (SIGPWR, SIGRTMIN+3) or number (0 to 64)',
  parse(text) {
    const number = signalNumber(text);
    if (number === undefined) throw new BadValue(`"${text}" is not a signal${slip(text)}`);
    return number;
  },
  print: String,
};
