/**
 * Makes text safe to show on a terminal. Guests choose the names of interfaces, files, archive
 * members, cgroups and nested containers: an escape sequence in a name could retitle the window,
 * clear the screen or forge a prompt, and a mark of the Unicode bidirectional algorithm could make
 * a line read differently.
 */

/** C0 without tab and newline, DEL, C1, line separators and bidirectional marks. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const IN_LINE = /[\t\n]/g;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * For text of several lines: tabs and newlines stay, other invisible characters become `\x1b` and
 * the like.
 */
export function plainText(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** For a name or a cell of a table: tabs and newlines are shown as well. */
export function plain(text: string): string {
  return plainText(text).replace(IN_LINE, escaped);
}
