/** Text layouts of the list command, byte for byte as LXC lays them out. */
import { plain } from '../../util/plain.ts';

/** Cells are padded to their column's width and followed by one space, the last one too. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(plain));
  const widths = header.map((title, column) =>
    cells.reduce((widest, row) => Math.max(widest, width(row[column] ?? '')), title.length),
  );
  return [header, ...cells]
    .map((row) => `${row.map((cell, column) => `${pad(cell, widths[column]!)} `).join('')}\n`)
    .join('');
}

/** Names side by side on a terminal. */
export function columnsText(listed: readonly string[], terminalWidth: number): string {
  const names = listed.map(plain);
  const cell = widest(names) + 1;
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
export function paddedLines(listed: readonly string[]): string {
  const names = listed.map(plain);
  const to = widest(names);
  return names.map((name) => `${pad(name, to)}\n`).join('');
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

/** Not by Math.max(...): that has a limit of some 100,000 arguments. */
function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, width(text)), 0);
}

/** In characters, not UTF-16 units. */
function width(text: string): number {
  return [...text].length;
}
