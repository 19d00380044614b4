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

/**
 * The columns that fit on a terminal. Those that say nothing go first, from the right; then all
 * that do not fit, but never the first two.
 */
export function fitting(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  terminalWidth: number,
): number[] {
  const all = header.map((_title, column) => column);
  const of = (column: number) =>
    rows.reduce((most, row) => Math.max(most, width(plain(row[column] ?? ''))), header[column]!.length) + 1;
  const fits = (columns: readonly number[]) =>
    columns.reduce((sum, column) => sum + of(column), 0) - 1 <= terminalWidth;
  let kept = all;
  const isEmpty = (column: number) => rows.every((row) => row[column] === '-');
  for (const dispensable of [isEmpty, () => true])
    for (const column of all.toReversed())
      if (column > 1 && kept.includes(column) && !fits(kept) && dispensable(column))
        kept = kept.filter((other) => other !== column);
  return kept;
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

/** A name a line, all padded to the widest: LXC's form where stdout is not a terminal. */
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
