import { BadValue } from './bad-value.ts';

/** What a parser may need to know besides the text. */
export interface ParseContext {
  /** The caller's environment; undefined where a value is only checked, not used. */
  readonly env: NodeJS.ProcessEnv | undefined;
  /**
   * Told about a part of a value that is passed over, as LXC does. Where nothing listens such a
   * value is refused.
   */
  readonly passOver?: ((what: string, offset: number) => void) | undefined;
}

/**
 * Goes on without a part of a value that LXC passes over as well.
 * @param what the part, and what holds instead, for the warning
 * @throws BadValue where values are written and not read: tslxc writes nothing to be passed over
 */
export function passOver({ passOver: tell }: ParseContext, what: string, offset = 0): void {
  if (!tell) throw new BadValue(what, offset);
  tell(what, offset);
}

/** The syntax of a kind of value. Keys share these; the manual explains each once. */
export interface ValueType<T> {
  /** Stands for the value in the manual: `NUMBER`, `PATH`. */
  readonly name: string;
  /** The valid values, in words; the hint of every error about such a value. */
  readonly valid: string;
  /** Throws {@link BadValue}. Never gets the empty text: what that does is a matter of the key. */
  readonly parse: (text: string, context: ParseContext) => T;
  /** The value as `lxc-info -c` prints it, where that is not the text itself. */
  readonly print?: (value: T) => string;
}

/** A piece of a value and where in it the piece starts, from 0. */
export interface Token {
  readonly text: string;
  readonly offset: number;
}

/**
 * The pieces of `text` between characters that `separators` (a global regular expression's source)
 * matches.
 */
function tokens(text: string, word: RegExp): Token[] {
  return [...text.matchAll(word)].map((match) => ({ text: match[0], offset: match.index }));
}

/** Blank-separated pieces. */
export function words(text: string): Token[] {
  return tokens(text, /[^ \t\n\v\f\r]+/g);
}

/** Comma-separated pieces; blanks around them and empty ones do not count. */
export function commaItems(text: string): Token[] {
  return tokens(text, /[^ \t\n\v\f\r,]+/g);
}
