import { BadValue } from './bad-value.ts';
import { meant } from './meant.ts';
import { wholeNumber } from './number.ts';
import type { ValueType } from './value-type.ts';

/** The index is the level's number, as in LXC. */
export const LOG_LEVELS = [
  'TRACE',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARN',
  'ERROR',
  'CRIT',
  'ALERT',
  'FATAL',
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const logLevel: ValueType<LogLevel> = {
  name: 'LEVEL',
  valid: `${LOG_LEVELS.join(' ')} in any case, or their numbers 0 to ${LOG_LEVELS.length - 1}`,
  parse(text) {
    const level =
      LOG_LEVELS.find((name) => name === text.toUpperCase()) ?? LOG_LEVELS[wholeNumber(text) ?? -1];
    if (!level) throw new BadValue(`"${text}" is not a log level${meant(text, LOG_LEVELS)}`);
    return level;
  },
  print: (value) => value,
};
