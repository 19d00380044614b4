import { existsSync } from 'node:fs';
import type { ContainerShape } from '../../api/container.ts';
import type { ContainerInfo, InfoWanted } from '../../api/options.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { extendedExpression } from '../parse/extended-expression.ts';
import { usage } from '../parse/getopt.ts';
import { jsonText } from '../render/json-output.ts';
import { columnsText, fitting, paddedLines, tableText } from '../render/table.ts';
import { megabytes } from '../render/units.ts';
import { type Call, command } from '../run/command.ts';
import { COLUMNS, DEFAULT_COLUMNS, spec } from './ls.options.ts';

type Column = (typeof COLUMNS)[number];

/** What a column shows, and what it needs to know that is dear to find out. */
const CELLS: Record<
  Column,
  { show(info: ContainerInfo): string | undefined; needs?: 'statistics' | 'addresses' | 'config' }
> = {
  NAME: { show: (info) => info.name },
  STATE: { show: (info) => info.state },
  PID: { show: (info) => info.pid?.toString() },
  RAM: { show: (info) => sized(info.memoryBytes), needs: 'statistics' },
  SWAP: { show: (info) => sized(info.swapBytes), needs: 'statistics' },
  AUTOSTART: { show: (info) => (info.fault ? undefined : info.autostart ? '1' : '0'), needs: 'config' },
  GROUPS: { show: (info) => info.groups.join(', '), needs: 'config' },
  INTERFACE: { show: (info) => info.interfaces.join(', ') },
  IPV4: { show: (info) => addresses(info, 'inet'), needs: 'addresses' },
  IPV6: { show: (info) => addresses(info, 'inet6'), needs: 'addresses' },
  UNPRIVILEGED: { show: (info) => (info.fault ? undefined : String(info.unprivileged)), needs: 'config' },
};

/** The state options: which states each keeps. */
const STATE_FILTERS = {
  active: (info: ContainerInfo) => info.state !== 'STOPPED',
  running: (info: ContainerInfo) => info.state === 'RUNNING' || info.state === 'FROZEN',
  frozen: (info: ContainerInfo) => info.state === 'FROZEN',
  stopped: (info: ContainerInfo) => info.state === 'STOPPED',
};

/** A container and the names from the outermost one to it. */
interface Listed {
  readonly info: ContainerInfo;
  readonly path: readonly string[];
}

export default command(spec, async (call) => {
  const { values, io } = call;
  const fancy = values.fancy || values['fancy-format'] !== undefined;
  const columns = columnsOf(values['fancy-format'], call.json);
  const depth = depthOf(values.nesting);
  const patterns = [call.name, values.filter]
    .filter((text) => text !== undefined)
    .map((text) => extendedExpression(text));
  const matches = (name: string) => patterns.every((pattern) => pattern.test(name));
  const filters = Object.entries(STATE_FILTERS).filter(
    ([option]) => values[option as keyof typeof STATE_FILTERS],
  );
  const groups = values.groups?.split(',').filter(Boolean) ?? [];
  const all = await call.library.listContainers(await call.lxcpath());
  if (all.length === 0 && call.as === 'tslxc' && values.lxcpath !== undefined) await warnOfMissing(call);

  const shows = fancy || call.json;
  const looksInside = shows || depth > 0 || filters.length > 0 || groups.length > 0 || values.defined;
  if (!looksInside) {
    io.print(plainText(call, all.filter(matches)));
    return 0;
  }

  const want = {
    statistics: shows && needed(columns, 'statistics'),
    addresses: shows && needed(columns, 'addresses'),
    // Names by state are found without reading a single config.
    config: (shows && needed(columns, 'config')) || groups.length > 0 || values.defined,
    active: new Set(await call.library.activeContainers(await call.lxcpath())),
  };
  const keeps = ({ info }: Listed) =>
    matches(info.name) &&
    (filters.length === 0 || filters.some(([, passes]) => passes(info))) &&
    groups.every((group) => info.groups.includes(group));
  const kept: Listed[] = [];
  for (const name of depth > 0 ? all : all.filter(matches)) {
    const found = await lookAt(call, name, want);
    if (!found) continue;
    const { container, info } = found;
    const own = { info, path: [name] };
    if (keeps(own) && !(values.defined && !container.defined())) {
      if (info.fault && !call.json) await call.complain(info.fault.with({ container: name }), 'warning');
      kept.push(own);
    }
    if (depth > 0 && info.pid !== undefined)
      for (const nested of await container.nested(depth, want)) {
        const { path, ...rest } = nested;
        if (keeps({ info: rest, path })) kept.push({ info: rest, path });
      }
  }
  if (call.json) io.print(jsonText('ls', kept.map(jsonOf)));
  else if (fancy)
    io.print(
      fancyText(
        columns,
        kept,
        values['fancy-format'] === undefined && io.stdoutIsTTY ? io.columns : undefined,
      ),
    );
  else
    io.print(
      plainText(
        call,
        kept.map(({ path }) => path.join('/')),
      ),
    );
  return 0;
});

/** To LXC a directory that is not there is an empty one; a slip in its name is worth a word. */
async function warnOfMissing(call: Call<typeof spec.options>): Promise<void> {
  const lxcpath = await call.lxcpath();
  if (existsSync(lxcpath)) return;
  const message = `there is no directory ${lxcpath}`;
  await call.complain(new TslxcError({ code: 'STORAGE', message }), 'warning');
}

/**
 * Facts of one container. A container that cannot be looked at is told of and does not end the
 * list.
 */
async function lookAt(
  call: Call<typeof spec.options>,
  name: string,
  want: InfoWanted,
): Promise<{ container: ContainerShape; info: ContainerInfo } | undefined> {
  try {
    const container = await call.library.container(name, await call.lxcpath());
    return { container, info: await container.info(want) };
  } catch (error) {
    await call.complain(toTslxcError(error, 'STORAGE').with({ container: name }), 'warning');
    return undefined;
  }
}

/** `within`: the containers that it is in, from the outermost inwards. */
function jsonOf({ info, path }: Listed): ContainerInfo & { within?: readonly string[] } {
  return path.length > 1 ? { ...info, within: path.slice(0, -1) } : info;
}

const USUAL_DEPTH = 5;

function depthOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (text === '') return USUAL_DEPTH;
  if (!/^\d{1,3}$/.test(text)) throw usage(`'${text}' is not a depth`, '--nesting=N goes N levels down');
  return Number(text);
}

function columnsOf(list: string | undefined, all: boolean): readonly Column[] {
  if (all) return COLUMNS;
  if (list === undefined) return DEFAULT_COLUMNS;
  return list.split(',').map((word) => {
    const column = COLUMNS.find((name) => name === word.trim().toUpperCase());
    if (!column) throw usage(`'${word}' is not a column`, `columns are ${COLUMNS.join(', ')}`);
    return column;
  });
}

function needed(columns: readonly Column[], what: 'statistics' | 'addresses' | 'config'): boolean {
  return columns.some((column) => CELLS[column].needs === what);
}

/** Without containers there is no heading either, as with LXC. */
function fancyText(
  columns: readonly Column[],
  listed: readonly Listed[],
  terminalWidth: number | undefined,
): string {
  if (listed.length === 0) return '';
  const rows = listed.map(({ info, path }) =>
    columns.map((column) =>
      column === 'NAME' ? `${'\\'.repeat(path.length - 1)}${info.name}` : CELLS[column].show(info) || '-',
    ),
  );
  if (terminalWidth === undefined) return tableText(columns, rows);
  const shown = fitting(columns, rows, terminalWidth);
  return tableText(
    shown.map((column) => columns[column]!),
    rows.map((row) => shown.map((column) => row[column]!)),
  );
}

function plainText({ values, io }: Call<typeof spec.options>, names: readonly string[]): string {
  if (values.line) return names.map((name) => `${name}\n`).join('');
  return io.stdoutIsTTY ? columnsText(names, io.columns) : paddedLines(names);
}

function sized(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : megabytes(bytes);
}

/** The loopback's own are no news. */
function addresses(info: ContainerInfo, family: 'inet' | 'inet6'): string {
  return info.ips
    .filter((ip) => ip.family === family && ip.interface !== 'lo')
    .map(({ address }) => address)
    .join(', ');
}
