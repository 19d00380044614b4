/** Text layouts of the list command, byte for byte as LXC lays them out. */

/** Cells are padded to their column's width and followed by one space, the last one too. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => width(row[column] ?? ''))),
  );
  return [header, ...rows]
    .map((row) => `${row.map((cell, column) => `${pad(cell, widths[column]!)} `).join('')}\n`)
    .join('');
}

/** Names side by side on a terminal. */
export function columnsText(names: readonly string[], terminalWidth: number): string {
  const cell = Math.max(0, ...names.map(width)) + 1;
  const perLine = Math.max(1, Math.floor(terminalWidth / cell));
  const lines: string[] = [];
  for (let at = 0; at < names.length; at += perLine)
    lines.push(
      names
        .slice(at, at + perLine)
        .map((name) => pad(name, cell))
        .join(''),
    );
  return lines.map((line) => `${line}\n`).join('');
}

/** One name in a line, all padded to the widest: LXC's form where stdout is not a terminal. */
export function paddedLines(names: readonly string[]): string {
  const widest = Math.max(0, ...names.map(width));
  return names.map((name) => `${pad(name, widest)}\n`).join('');
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

/** In characters, not UTF-16 units. */
function width(text: string): number {
  return [...text].length;
}
