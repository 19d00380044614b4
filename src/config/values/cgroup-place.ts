import { BadValue } from './bad-value.ts';
import { relativePath } from './text.ts';
import type { ValueType } from './value-type.ts';

/**
 * Names of controllers; a v1 hierarchy without any is `name=NAME`. Whether the host has them is
 * another question.
 */
export const controllerList: ValueType<readonly string[]> = {
  name: 'CONTROLLERS',
  valid: 'names of controllers, separated by commas; name=NAME for a hierarchy without controllers',
  parse(text) {
    let offset = 0;
    const found: string[] = [];
    for (const piece of text.split(',')) {
      const name = piece.trim();
      const at = offset + piece.search(/\S|$/);
      const stray = /^(name=)?[A-Za-z0-9_.-]+$/.test(name);
      if (name !== '' && !stray) throw new BadValue(`"${name}" is not the name of a controller`, at);
      if (name !== '') found.push(name);
      offset += piece.length + 1;
    }
    if (found.length === 0) throw new BadValue(`"${text}" names no controller`);
    return found;
  },
};

/** The cgroup of any container: `%n` is its name. Nothing else is special in it. */
export const cgroupPattern: ValueType<string> = {
  name: 'PATTERN',
  valid: "a path without . and .. in it, in which %n stands for the container's name",
  parse: relativePath.parse,
};
