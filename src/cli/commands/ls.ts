import type { ContainerInfo } from '../../api/options.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { type Call, command } from '../command.ts';
import { usage } from '../getopt.ts';
import { columnsText, paddedLines, tableText } from '../table.ts';
import { megabytes } from '../units.ts';
import { COLUMNS, DEFAULT_COLUMNS, spec } from './ls.spec.ts';

type Column = (typeof COLUMNS)[number];

/** What a column shows, and what it needs to know that is dear to find out. */
const CELLS: Record<
  Column,
  { show(info: ContainerInfo): string | undefined; needs?: 'statistics' | 'addresses' }
> = {
  NAME: { show: (info) => info.name },
  STATE: { show: (info) => info.state },
  PID: { show: (info) => info.pid?.toString() },
  RAM: { show: (info) => sized(info.memoryBytes), needs: 'statistics' },
  SWAP: { show: (info) => sized(info.swapBytes), needs: 'statistics' },
  AUTOSTART: { show: (info) => (info.fault ? undefined : info.autostart ? '1' : '0') },
  GROUPS: { show: (info) => info.groups.join(', ') },
  INTERFACE: { show: (info) => info.interfaces.join(', ') },
  IPV4: { show: (info) => addresses(info, 'inet'), needs: 'addresses' },
  IPV6: { show: (info) => addresses(info, 'inet6'), needs: 'addresses' },
  UNPRIVILEGED: { show: (info) => (info.fault ? undefined : String(info.unprivileged)) },
};

/** The state options: which states each keeps. */
const STATE_FILTERS = {
  active: (info: ContainerInfo) => info.state !== 'STOPPED',
  running: (info: ContainerInfo) => info.state === 'RUNNING' || info.state === 'FROZEN',
  frozen: (info: ContainerInfo) => info.state === 'FROZEN',
  stopped: (info: ContainerInfo) => info.state === 'STOPPED',
};

export default command(spec, async (call) => {
  const { values, io } = call;
  const fancy = values.fancy || values['fancy-format'] !== undefined;
  const columns = columnsOf(values['fancy-format'], call.json);
  if (Number(values.nesting ?? 0) > 0 || values.nesting === '')
    await call.complain(
      new TslxcError({ code: 'NOT_SUPPORTED', message: 'containers inside containers are not listed yet' }),
      'warning',
    );

  const names = await matchingNames(call);
  const filters = Object.entries(STATE_FILTERS).filter(
    ([option]) => values[option as keyof typeof STATE_FILTERS],
  );
  const groups = values.groups?.split(',').filter(Boolean) ?? [];
  const looksInside = fancy || call.json || filters.length > 0 || groups.length > 0 || values.defined;
  if (!looksInside) {
    io.print(plainText(call, names));
    return 0;
  }

  const want = { statistics: needed(columns, 'statistics'), addresses: needed(columns, 'addresses') };
  const kept: ContainerInfo[] = [];
  for (const name of names) {
    const container = await call.services.container(name, await call.lxcpath());
    if (values.defined && !container.defined()) continue;
    const info = await container.info(want);
    if (filters.length > 0 && !filters.some(([, keeps]) => keeps(info))) continue;
    if (!groups.every((group) => info.groups.includes(group))) continue;
    if (info.fault && !call.json) await call.complain(info.fault.with({ container: name }), 'warning');
    kept.push(info);
  }
  if (call.json) io.print(`${JSON.stringify(kept, null, 2)}\n`);
  else if (fancy) io.print(fancyText(columns, kept));
  else
    io.print(
      plainText(
        call,
        kept.map(({ name }) => name),
      ),
    );
  return 0;
});

function columnsOf(list: string | undefined, all: boolean): readonly Column[] {
  if (all) return COLUMNS;
  if (list === undefined) return DEFAULT_COLUMNS;
  return list.split(',').map((word) => {
    const column = COLUMNS.find((name) => name === word.trim().toUpperCase());
    if (!column) throw usage(`'${word}' is not a column`, `columns are ${COLUMNS.join(', ')}`);
    return column;
  });
}

async function matchingNames(call: Call<typeof spec.options>): Promise<readonly string[]> {
  const patterns = [call.name, call.values.filter].filter((text) => text !== undefined).map(expression);
  const names = await call.services.listContainers(await call.lxcpath());
  return names.filter((name) => patterns.every((pattern) => pattern.test(name)));
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw usage(`'${text}' is not a regular expression`);
  }
}

function needed(columns: readonly Column[], what: 'statistics' | 'addresses'): boolean {
  return columns.some((column) => CELLS[column].needs === what);
}

/** Without containers there is no heading either, as with LXC. */
function fancyText(columns: readonly Column[], infos: readonly ContainerInfo[]): string {
  if (infos.length === 0) return '';
  const rows = infos.map((info) => columns.map((column) => CELLS[column].show(info) || '-'));
  return tableText(columns, rows);
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
