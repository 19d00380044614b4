/** The table of tslxc-top: columns, order and lines. */
import type { ContainerUsage } from '../../api/options.ts';
import { plain } from '../../util/plain.ts';
import { humanBytes } from './units.ts';

/** A container in one round. */
export interface TopRow extends ContainerUsage {
  /** Percent of one processor since the last round; 0 in the first round. */
  readonly cpuPercent: number;
}

interface SortKey {
  readonly title: string;
  readonly value: (row: TopRow) => number | string;
}

/** LXC's letters, and p. */
export const SORT_KEYS = {
  n: { title: 'name', value: (row) => row.name },
  c: { title: 'processor time', value: (row) => row.cpuNanoseconds },
  p: { title: 'processor now', value: (row) => row.cpuPercent },
  b: { title: 'disk bytes', value: (row) => row.blockIoBytes },
  m: { title: 'memory', value: (row) => row.memoryBytes },
  s: { title: 'memory with swap', value: (row) => row.memorySwapBytes },
  k: { title: "kernel's memory", value: (row) => row.kernelMemoryBytes },
} as const satisfies Record<string, SortKey>;

export type SortLetter = keyof typeof SORT_KEYS;

export function isSortLetter(text: string): text is SortLetter {
  return Object.hasOwn(SORT_KEYS, text);
}

/** Ascending, equal ones by name; `reverse` turns all of it around. */
export function sorted(rows: readonly TopRow[], letter: SortLetter, reverse: boolean): TopRow[] {
  const { value } = SORT_KEYS[letter];
  const compare = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0);
  const order = [...rows].sort((a, b) => compare(value(a), value(b)) || compare(a.name, b.name));
  return reverse ? order.reverse() : order;
}

interface Column {
  readonly title: readonly [string, string];
  readonly width: number;
  readonly cell: (row: TopRow) => string;
  /** Shown only where some container has any. */
  readonly needs?: (row: TopRow) => number;
}

const secondsCell = (nanoseconds: number) => (nanoseconds / 1e9).toFixed(2);

/** What most look for comes first: a terminal that is too narrow cuts off at the right. */
const COLUMNS: readonly Column[] = [
  { title: ['CPU', 'now %'], width: 7, cell: (row) => row.cpuPercent.toFixed(1) },
  { title: ['Mem', 'Used'], width: 12, cell: (row) => humanBytes(row.memoryBytes) },
  { title: ['CPU', 'Used'], width: 12, cell: (row) => secondsCell(row.cpuNanoseconds) },
  { title: ['CPU', 'Sys'], width: 12, cell: (row) => secondsCell(row.cpuSystemNanoseconds) },
  { title: ['CPU', 'User'], width: 12, cell: (row) => secondsCell(row.cpuUserNanoseconds) },
  {
    title: ['BlkIO', 'Total(Read/Write)'],
    width: 36,
    cell: (row) =>
      `${humanBytes(row.blockIoBytes)}(${humanBytes(row.blockReadBytes)}/${humanBytes(row.blockWriteBytes)})`,
  },
  {
    title: ['MemSw', 'Used'],
    width: 12,
    cell: (row) => humanBytes(row.memorySwapBytes),
    needs: (row) => row.memorySwapBytes - row.memoryBytes,
  },
  {
    title: ['KMem', 'Used'],
    width: 12,
    cell: (row) => humanBytes(row.kernelMemoryBytes),
    needs: (row) => row.kernelMemoryBytes,
  },
];

const NAME_WIDTH = 18;

/** The lines of a screen: two of heading, the containers that there is room for, and the sum. */
export function screenLines(rows: readonly TopRow[], size: { rows: number; columns: number }): string[] {
  const columns = COLUMNS.filter(({ needs }) => !needs || rows.some((row) => needs(row) > 0));
  const line = (name: string, cells: readonly string[]) =>
    `${plain(name).padEnd(NAME_WIDTH).slice(0, NAME_WIDTH)}${cells
      .map((cell, i) => ` ${cell.padStart(columns[i]!.width)}`)
      .join('')}`.slice(0, size.columns);
  const titles = (at: 0 | 1) => columns.map(({ title }) => title[at]);
  const shown = rows.slice(0, Math.max(0, size.rows - 3));
  const of = (row: TopRow) => columns.map(({ cell }) => cell(row));
  return [
    line('Container', titles(0)),
    line('Name', titles(1)),
    ...shown.map((row) => line(row.name, of(row))),
    line(`TOTAL ${shown.length} of ${rows.length}`, of(total(rows))),
  ].slice(0, size.rows);
}

function total(rows: readonly TopRow[]): TopRow {
  const sum = (value: (row: TopRow) => number) => rows.reduce((all, row) => all + value(row), 0);
  return {
    name: '',
    state: 'RUNNING',
    cpuNanoseconds: sum((row) => row.cpuNanoseconds),
    cpuUserNanoseconds: sum((row) => row.cpuUserNanoseconds),
    cpuSystemNanoseconds: sum((row) => row.cpuSystemNanoseconds),
    cpuPercent: sum((row) => row.cpuPercent),
    blockIoBytes: sum((row) => row.blockIoBytes),
    blockReadBytes: sum((row) => row.blockReadBytes),
    blockWriteBytes: sum((row) => row.blockWriteBytes),
    blockIoOperations: sum((row) => row.blockIoOperations),
    memoryBytes: sum((row) => row.memoryBytes),
    memorySwapBytes: sum((row) => row.memorySwapBytes),
    kernelMemoryBytes: sum((row) => row.kernelMemoryBytes),
    pids: sum((row) => row.pids),
  };
}

/** LXC's heading. */
export const BATCH_HEADING =
  'time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes\n';

/** Unit: USER_HZ, hundredths of a second. */
const TICK_NS = 1e7;

export function batchLines(time: number, rows: readonly TopRow[]): string {
  return rows
    .map((row) =>
      [
        time,
        row.name,
        row.cpuNanoseconds,
        Math.floor(row.cpuSystemNanoseconds / TICK_NS),
        Math.floor(row.cpuUserNanoseconds / TICK_NS),
        row.blockIoBytes,
        row.blockIoOperations,
        row.memoryBytes,
        row.memorySwapBytes,
        row.kernelMemoryBytes,
      ].join(','),
    )
    .map((line) => `${line}\n`)
    .join('');
}
