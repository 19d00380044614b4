/**
 * Text that a terminal may be shown. Names of interfaces, files, archive members, cgroups and
 * nested containers are chosen by guests: an escape sequence in one of them could retitle the
 * window, clear the screen or forge a prompt, and a mark of the Unicode bidirectional algorithm
 * could make a line read otherwise than it is.
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
 * For text of several lines: tabs and newlines stay, what else is not to be seen is shown as
 * `\x1b`.
 */
export function plainText(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** For a name or a table's cell: tabs and newlines are shown, too. */
export function plain(text: string): string {
  return plainText(text).replace(IN_LINE, escaped);
}
