import { BadValue } from './bad-value.ts';
import type { ValueType } from './value-type.ts';

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** `NAME=VALUE`; a bare `NAME` takes the value that the variable has when the file is read. */
export const environmentVariable: ValueType<EnvironmentVariable> = {
  name: 'NAME[=VALUE]',
  valid: 'NAME=VALUE, or the NAME of a variable that is set where tslxc is called',
  parse(text, { env }) {
    const equals = text.indexOf('=');
    if (equals === 0) throw new BadValue('the name of the variable is missing');
    if (equals > 0) return { name: text.slice(0, equals), value: text.slice(equals + 1) };
    const value = env ? env[text] : '';
    if (value === undefined) throw new BadValue(`the variable "${text}" is not set`);
    return { name: text, value };
  },
  print: ({ name, value }) => `${name}=${value}`,
};
