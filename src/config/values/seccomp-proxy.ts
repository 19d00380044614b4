import { BadValue } from './bad-value.ts';
import type { ValueType } from './value-type.ts';

/** `unix:PATH`; the value is the path. */
export const seccompProxy: ValueType<string> = {
  name: 'unix:SOCKET',
  valid: '"unix:" and the absolute path of a socket',
  parse(text) {
    if (!text.startsWith('unix:/')) throw new BadValue(`"${text}" does not start with "unix:/"`);
    return text.slice('unix:'.length);
  },
  print: (value) => value,
};
