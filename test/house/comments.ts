/**
 * The comments of a source file: found by a small scanner that knows strings, templates and regular
 * expressions.
 */

export interface Comment {
  /** Offset of its first character. */
  readonly start: number;
  /** Offset behind its last character. */
  readonly end: number;
  /** Line of its first character, from 1. */
  readonly line: number;
  readonly text: string;
}

/** Characters and words after which `/` begins a regular expression, not a division. */
const BEFORE_REGEX = /(?:^|[([{,;=:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|await|yield))\s*$/;

export function* commentsOf(source: string): Generator<Comment> {
  /** Depths of `{` at which the template literals around the current place go on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    if (two === '//' || two === '/*') {
      const end = two === '//' ? endOfLine(source, at) : source.indexOf('*/', at + 2) + 2;
      yield { start: at, end, line: lineOf(source, at), text: source.slice(at, end) };
      at = end;
      continue;
    }
    const char = source[at]!;
    at++;
    if (char === "'" || char === '"') at = endOfQuoted(source, at, char);
    else if (char === '`') at = inTemplate(at);
    else if (char === '/' && BEFORE_REGEX.test(source.slice(Math.max(0, at - 40), at - 1)))
      at = endOfRegex(source, at);
    else if (char === '{') depth++;
    else if (char === '}' && templates.at(-1) === depth) {
      templates.pop();
      at = inTemplate(at);
    } else if (char === '}') depth--;
  }

  /** Reads on to the end of the template literal, or to its next `${`. */
  function inTemplate(from: number): number {
    for (let next = from; next < source.length; next++) {
      if (source[next] === '\\') next++;
      else if (source[next] === '`') return next + 1;
      else if (source.startsWith('${', next)) {
        templates.push(depth);
        return next + 2;
      }
    }
    return source.length;
  }
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}

function lineOf(source: string, at: number): number {
  return source.slice(0, at).split('\n').length;
}

function endOfQuoted(source: string, from: number, quote: string): number {
  let at = from;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfRegex(source: string, from: number): number {
  let inClass = false;
  for (let at = from; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '\n' || (char === '/' && !inClass)) return at + 1;
  }
  return source.length;
}
