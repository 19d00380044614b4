import { BadValue } from './bad-value.ts';
import type { ValueType } from './value-type.ts';

/** `unix:PATH`; the value is the path, or `@NAME` for an abstract socket. */
export const seccompProxy: ValueType<string> = {
  name: 'unix:SOCKET',
  valid: '"unix:" and the absolute path of a socket, or @ and the name of an abstract one',
  parse(text) {
    if (!/^unix:(\/|@.)/.test(text)) throw new BadValue(`"${text}" does not start with "unix:/" or "unix:@"`);
    const most = 107;
    if (Buffer.byteLength(text) > 'unix:'.length + most)
      throw new BadValue(`a socket's address has ${most} bytes at most`);
    return text.slice('unix:'.length);
  },
  print: (value) => value,
};
