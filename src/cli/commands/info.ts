import { resolve } from 'node:path';
import type { ContainerShape } from '../../api/container.ts';
import type { ContainerInfo } from '../../api/options.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { jsonText } from '../render/json-output.ts';
import { humanBytes, humanSeconds } from '../render/units.ts';
import { type Call, command } from '../run/command.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './info.options.ts';

type InfoCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { values, io } = call;
  const container = await call.container();
  const all = !(
    values.state ||
    values.pid ||
    values.ips ||
    values.stats ||
    values.why ||
    values.config.length > 0
  );
  const statistics = all || values.stats || call.json;
  const wantsInfo = all || values.state || values.pid || values.ips || values.stats || call.json;
  if (!wantsInfo && !values.why && !container.defined() && values.rcfile === undefined)
    throw missing(container);
  const info = wantsInfo
    ? await container.info({
        statistics,
        addresses: all || values.ips || call.json,
        config: all || call.json,
      })
    : undefined;
  if (info && info.state === 'STOPPED' && !container.defined() && values.rcfile === undefined)
    throw missing(container);

  if (call.json) {
    const config = values.config.length > 0 ? { config: await configValues(call, container) } : {};
    const why = values.why ? { why: await container.why() } : {};
    io.print(jsonText('info', { ...info, ...config, ...why }));
    return 0;
  }
  if (info?.fault) await call.complain(info.fault.with({ container: info.name }), 'warning');
  if (info) io.print(infoText(info, { all, ...values }));
  if (values.why) {
    const { whyText } = await import('../render/why-text.ts');
    io.print(whyText(await container.why()));
  }
  return values.config.length === 0 || (await printConfig(call, container)) ? 0 : 1;
});

interface Choice {
  readonly all: boolean;
  readonly state: boolean;
  readonly pid: boolean;
  readonly ips: boolean;
  readonly stats: boolean;
  readonly 'no-humanize': boolean;
}

/** The lines of `tslxc-info`; a single item with -H is its bare value. */
export function infoText(info: ContainerInfo, choice: Choice): string {
  const raw = choice['no-humanize'];
  const items = [choice.state, choice.pid, choice.ips].filter(Boolean).length;
  const bare = raw && !choice.all && !choice.stats && items === 1;
  const rows: [label: string, value: string][] = [];
  if (choice.all) rows.push(['Name', info.name]);
  if (choice.all || choice.state) rows.push(['State', info.state]);
  if ((choice.all || choice.pid) && info.pid !== undefined) rows.push(['PID', String(info.pid)]);
  if (choice.all || choice.ips)
    for (const ip of info.ips) if (ip.interface !== 'lo') rows.push(['IP', ip.address]);
  if (choice.all || choice.stats) rows.push(...statisticsRows(info, raw));
  return rows
    .map(([label, value]) => (bare ? `${value}\n` : `${`${label}:`.padEnd(15)} ${value}\n`))
    .join('');
}

function statisticsRows(info: ContainerInfo, raw: boolean): [string, string][] {
  const bytes = (count: number) => (raw ? String(count) : humanBytes(count));
  const counters: [string, number | undefined, (count: number) => string][] = [
    ['CPU use', info.cpuNanoseconds, raw ? String : humanSeconds],
    ['BlkIO use', info.blockIoBytes, bytes],
    ['Memory use', info.memoryBytes, bytes],
    ['KMem use', info.kernelMemoryBytes, bytes],
    // Ours: that the kernel killed for want of memory is what people look for here.
    ['OOM kills', info.oomKills || undefined, String],
  ];
  return [
    ...counters.flatMap(([label, count, show]): [string, string][] =>
      count === undefined ? [] : [[label, show(count)]],
    ),
    ...info.links.flatMap((link): [string, string][] => [
      ['Link', link.host],
      [' TX bytes', bytes(link.txBytes)],
      [' RX bytes', bytes(link.rxBytes)],
      [' Total bytes', bytes(link.txBytes + link.rxBytes)],
    ]),
  ];
}

async function loadedConfig({ values, io }: InfoCall, container: ContainerShape) {
  const { loadConfig } = await import('../../config/load-config.ts');
  const { cwd, env } = io;
  if (values.rcfile === undefined) return loadConfig(container.configFile, { name: container.name, env });
  const { readGivenConfig, textsOf } = await import('../../config/given-config.ts');
  const given = await readGivenConfig(resolve(cwd, values.rcfile), { cwd });
  return loadConfig(given.file, { name: container.name, env, texts: textsOf(given) });
}

async function configValues(call: InfoCall, container: ContainerShape) {
  const config = await loadedConfig(call, container);
  return Object.fromEntries(call.values.config.map((key) => [key, config.format(key) ?? null]));
}

async function noValue(key: string): Promise<TslxcError> {
  const { lookUpKey } = await import('../../config/key-lookup.ts');
  const { unknownKey } = await import('../../config/unknown-key.ts');
  const target = lookUpKey(key);
  if (target === undefined) return unknownKey(key);
  const message =
    'index' in target ? `there is no interface lxc.net.${target.index}` : `${key} has no value of its own`;
  return new TslxcError({ code: 'CONFIG_UNKNOWN_KEY', message });
}

/**
 * `KEY = VALUE`, a list one item in a line and an empty line after it; the bare value for one key
 * with -H.
 * @returns whether there were all keys. LXC's own command says `invalid` of one, and ends with 0.
 */
async function printConfig(call: InfoCall, container: ContainerShape): Promise<boolean> {
  const { io, values } = call;
  let known = true;
  const { lookUpKey } = await import('../../config/key-lookup.ts');
  const config = await loadedConfig(call, container);
  for (const key of values.config) {
    const value = config.format(key);
    if (value === undefined) {
      if (call.as === 'lxc') {
        if (!call.quiet) io.printError(`${key} invalid\n`);
        continue;
      }
      await call.complain(await noValue(key));
      known = false;
      continue;
    }
    const target = lookUpKey(key);
    const isList = target !== undefined && (!('row' in target) || target.row.repeated);
    const text = isList && value !== '' ? `${value}\n` : value;
    const bare = values['no-humanize'] && values.config.length === 1;
    io.print(bare ? `${text}\n` : `${key} =${text === '' ? '' : ' '}${text}\n`);
  }
  return known;
}
