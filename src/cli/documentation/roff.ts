/** The few man(7) macros that the pages need. */

/**
 * Text that cannot be mistaken for roff's own: backslashes, leading dots and quotes, and hyphens
 * meant as such.
 */
export function escapeText(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replace(/^\./gm, '\\&.');
}

export function bold(text: string): string {
  return `\\fB${escapeText(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escapeText(text)}\\fR`;
}

export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

/** A term and its explanation, hanging. */
export function tagged(term: string, text: string): string[] {
  return ['.TP', term, escapeText(text)];
}

/** Lines as they are, indented. */
export function literal(lines: readonly string[]): string[] {
  return ['.RS 4', '.nf', ...lines.map(escapeText), '.fi', '.RE'];
}
