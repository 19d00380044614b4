/** A line of the form `lxc.KEY = VALUE`. Positions are offsets in the line, from 0. */
export interface SettingLine {
  readonly kind: 'setting';
  readonly key: string;
  readonly keyStart: number;
  /** Trimmed, without the quotes around it. */
  readonly value: string;
  /** Where `value` starts. */
  readonly valueStart: number;
  /** The value with its quotes. */
  readonly span: { readonly start: number; readonly end: number };
}

/** What a line of a config file is. */
export type ConfigLine =
  | SettingLine
  | { readonly kind: 'blank' | 'comment' | 'foreign' }
  | { readonly kind: 'broken'; readonly why: string; readonly offset: number };

/** C's isspace. Not JavaScript's: a no-break space is a character of the value. */
const BLANKS = ' \t\n\v\f\r';
const isBlank = (character: string | undefined) => character !== undefined && BLANKS.includes(character);

/** Where the text from `from` to `to` begins and ends without the blanks around it. */
function trimmed(text: string, from: number, to: number): [start: number, end: number] {
  let [start, end] = [from, to];
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return [start, end];
}

/**
 * All of ASCII's but tab. Found in the middle of a line they are a trap: LXC cuts at a NUL and
 * keeps the rest.
 */
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Offset of the first character in `text` that no key or value may have, or -1. */
export function controlCharacterAt(text: string): number {
  return text.search(CONTROL);
}

/** `\x1b` for an escape character: how control characters are shown in messages. */
export function visible(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/**
 * Takes a line apart by LXC's rules: `#` starts a comment only at the start of the line, lines that
 * do not start with `lxc.` are none of our business, one pair of matching quotes around the value
 * is removed, and nothing else is special.
 * @param line without its newline
 */
export function splitLine(line: string): ConfigLine {
  // By hand: an expression that takes blanks away at both ends needs the square of a long line's
  // length.
  const [keyStart, end] = trimmed(line, line.startsWith('\uFEFF') ? 1 : 0, line.length);
  const content = line.slice(keyStart, end);
  if (content === '') return { kind: 'blank' };
  if (content.startsWith('#')) return { kind: 'comment' };
  if (!content.startsWith('lxc.')) return { kind: 'foreign' };

  const control = controlCharacterAt(content);
  if (control >= 0) {
    const shown = visible(content.charAt(control));
    return {
      kind: 'broken',
      why: `the control character ${shown} is not allowed`,
      offset: keyStart + control,
    };
  }
  const equals = line.indexOf('=', keyStart);
  if (equals < 0) return { kind: 'broken', why: `"${content}" has no "="`, offset: end };

  const key = line.slice(keyStart, trimmed(line, keyStart, equals)[1]);
  const [start] = trimmed(line, equals + 1, end);
  const quoted = line.slice(start, end);
  const isQuoted = quoted.length >= 2 && /^['"]/.test(quoted) && quoted.endsWith(quoted.charAt(0));
  return {
    kind: 'setting',
    key,
    keyStart,
    value: isQuoted ? quoted.slice(1, -1) : quoted,
    valueStart: isQuoted ? start + 1 : start,
    span: { start, end: start + quoted.length },
  };
}
