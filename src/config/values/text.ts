import { BadValue } from './bad-value.ts';
import { meant } from './meant.ts';
import { passOver, type ValueType } from './value-type.ts';

/** Anything. (Control characters are refused for every value by the reader.) */
export const anyText: ValueType<string> = { name: 'TEXT', valid: 'any text', parse: (text) => text };

/** A command line: the program and its arguments. */
export const commandLine: ValueType<string> = {
  name: 'COMMAND',
  valid: 'a program with its arguments',
  parse: (text) => text,
};

/** A path of the host. */
export const path: ValueType<string> = { name: 'PATH', valid: 'a path', parse: (text) => text };

/** A path that has to start at the root. */
export const absolutePath: ValueType<string> = {
  name: 'PATH',
  valid: 'an absolute path',
  parse(text) {
    if (!text.startsWith('/')) throw new BadValue(`"${text}" does not start with /`);
    return text;
  },
};

/** A path inside the container; init starts at its root, so that a relative one begins there. */
export const fromRoot: ValueType<string> = {
  name: 'PATH',
  valid: 'a path of the container',
  parse: (text) => (text.startsWith('/') ? text : `/${text}`),
};

/**
 * A path below something that it must not leave: a cgroup, a folder of /dev. A leading slash is
 * dropped.
 */
export const relativePath: ValueType<string> = {
  name: 'PATH',
  valid: 'a path without . and .. in it',
  parse(text) {
    const parts = text.split('/').filter((part) => part !== '');
    const stray = parts.find((part) => part === '.' || part === '..');
    if (stray !== undefined) throw new BadValue(`"${text}" has "${stray}" in it`);
    if (parts.length === 0) throw new BadValue(`"${text}" names nothing`);
    return parts.join('/');
  },
  print: (value) => value,
};

/** A word of a list. */
export function oneOf<const W extends string>(...choices: readonly W[]): ValueType<W> {
  const valid = `one of ${choices.join(', ')}`;
  return {
    name: choices.join('|'),
    valid,
    parse(text) {
      const found = choices.find((word) => word === text);
      if (found === undefined) throw new BadValue(`"${text}" is not ${valid}${meant(text, choices)}`);
      return found;
    },
  };
}

/** The type of a value that is one of a few words, in capitals too. */
export function oneOfAnyCase<const W extends string>(...choices: readonly W[]): ValueType<W> {
  const type = oneOf(...choices);
  return { ...type, parse: (text, context) => type.parse(text.toLowerCase(), context) };
}

/** The kernel's limit for a host name, without the closing NUL (__NEW_UTS_LEN). */
const HOSTNAME_BYTES = 64;

export const hostname: ValueType<string> = {
  name: 'NAME',
  valid: `a host name: letters, digits, "-", "." and "_", at most ${HOSTNAME_BYTES} of them`,
  parse(text, context) {
    const length = Buffer.byteLength(text);
    if (length > HOSTNAME_BYTES) throw new BadValue(`a name of ${length} bytes is too long`);
    const stray = /[^A-Za-z0-9._-]/u.exec(text);
    // The kernel takes it, and so does LXC.
    if (stray)
      passOver(context, `"${stray[0]}" does not belong in a host name; it is set as it is`, stray.index);
    return text;
  },
};

/** IFNAMSIZ less the closing NUL. */
const INTERFACE_BYTES = 15;

/** The name of a network interface by the rules of the kernel (dev_valid_name). */
export const interfaceName: ValueType<string> = {
  name: 'INTERFACE',
  valid: `an interface name: at most ${INTERFACE_BYTES} bytes, no "/", ":" or blank`,
  parse(text, context) {
    const stray = /[/:\s]/.exec(text);
    if (stray) throw new BadValue(`"${stray[0]}" cannot be in an interface name`, stray.index);
    if (text === '.' || text === '..') throw new BadValue(`"${text}" is not an interface name`);
    const bytes = Buffer.from(text);
    if (bytes.length <= INTERFACE_BYTES) return text;
    const cut = bytes.toString('utf8', 0, INTERFACE_BYTES);
    if (cut.includes('\uFFFD')) throw new BadValue(`"${text}" is ${bytes.length} bytes long`);
    passOver(context, `"${text}" is longer than ${INTERFACE_BYTES} bytes and is cut to "${cut}"`);
    return cut;
  },
  print: (value) => value,
};
