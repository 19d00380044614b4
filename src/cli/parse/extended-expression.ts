import { usage } from './getopt.ts';

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/**
 * A POSIX extended regular expression, as LXC's commands take them. It differs from JavaScript's in
 * what stands in brackets: there a backslash is a character, a bracket may come first, and classes
 * have names.
 * @throws TslxcError USAGE
 */
export function extendedExpression(text: string, whole = false): RegExp {
  const translated = text.replaceAll(/\\.|\[(\^?)(\]?(?:\[:\w+:\]|[^\]])*)\]/g, (all, not, set) => {
    if (set === undefined) return all;
    return `[${not}${bracket(set, text)}]`;
  });
  try {
    return new RegExp(whole ? `^(?:${translated})$` : translated);
  } catch {
    throw usage(`'${text}' is not a regular expression`);
  }
}

function bracket(set: string, text: string): string {
  return set.replaceAll(/\[:(\w+):\]|[\\\]^[]/g, (part, name) => {
    if (name === undefined) return `\\${part}`;
    const range = CLASSES[name];
    if (range === undefined) throw usage(`'${text}' is not a regular expression: there is no [:${name}:]`);
    return range;
  });
}
