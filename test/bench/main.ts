/**
 * npm run bench -- [NAME...] [--runs N] [--many N] [--json]
 * tslxc and LXC in turn in one run, so that whatever else the machine does falls on both. Needs root. Always ends with 0:
 * it says which marks are reached. Names are those of benches.ts: `life` unless given, `many` with --many.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FOR_TESTS } from '../setup/debian-packages.mjs';
import { leaksSince, snapshot } from '../setup/leak-check.ts';
import { buildProgram, explain, installDebianPackages } from '../setup/prepare.mjs';
import { bold, green, red, yellow } from '../setup/progress.mjs';
import type { Outcome, Place } from './bench.ts';
import { BENCHES, type BenchName, isBench } from './benches.ts';
import { peers } from './peers.ts';
import { againWithRunInMemory } from './run-in-memory.ts';

const BRIDGE = 'tslxcbench0';

interface Asked {
  readonly names: readonly BenchName[];
  readonly runs: number;
  readonly many: number;
  readonly json: boolean;
}

function asked(): Asked {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '15' },
      many: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const number = (option: string, text: string) => {
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${option} takes a number`);
    return Number(text);
  };
  const unknown = positionals.find((name) => !isBench(name));
  if (unknown) throw new Error(`there is no bench '${unknown}': ${Object.keys(BENCHES).join(', ')}`);
  const otherwise = values.many === undefined ? 'life' : 'many';
  return {
    names: (positionals.length > 0 ? positionals : [otherwise]) as BenchName[],
    runs: number('runs', values.runs),
    many: number('many', values.many ?? '30'),
    json: values.json,
  };
}

function heading(runs: number) {
  const memory = /MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0;
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(Number(memory) / 2 ** 20)} GiB, Linux ${release()}`,
    node: process.version,
    lxc: spawnSync('lxc-ls', ['--version'], { encoding: 'utf8' }).stdout.trim(),
    runs,
  };
}

function print({ title, rows, marks }: Outcome): void {
  console.log(bold(`\n${title}\n`));
  const line = (cells: string[]) =>
    console.log(cells.map((cell, i) => (i ? cell.padStart(10) : cell.padEnd(30))).join(''));
  const ms = (time: number | undefined) =>
    time === undefined || Number.isNaN(time) ? '' : time.toFixed(time < 100 ? 1 : 0);
  line(['', 'tslxc ms', 'LXC ms', 'ratio']);
  for (const { step, tslxc, lxc } of rows)
    line([step, ms(tslxc), ms(lxc), lxc === undefined ? '' : (tslxc / lxc).toFixed(2)]);
  console.log('');
  for (const { mark, reached } of marks)
    console.log(reached ? `${green('✓')} ${mark}` : `${yellow('✗')} ${mark}: not reached`);
}

/** Two peers' containers under a folder of ours, a bridge of ours; all of it goes again. */
async function bench(name: BenchName, place: Omit<Place, 'folder' | 'config' | 'peers'>): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tslxc-bench-'));
  const pair = peers(folder);
  const config = join(folder, 'bench.conf');
  try {
    for (const { lxcpath } of pair) mkdirSync(lxcpath);
    writeFileSync(config, 'lxc.net.0.type = empty\n');
    const { default: one } = await BENCHES[name]();
    return await one.run({ ...place, folder, config, peers: pair });
  } finally {
    // What is hidden are layers.
    for (const peer of pair)
      for (const container of readdirSync(peer.lxcpath).filter((name) => !name.startsWith('.')))
        try {
          peer.run('destroy', ['-n', container, '-f', '-s']);
        } catch (error) {
          console.error(red(explain(error)));
        }
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { names, json, ...rest } = asked();
  if (process.getuid!() !== 0) throw new Error('the bench starts containers: run it as root');
  await installDebianPackages(FOR_TESTS);
  await buildProgram();
  if (againWithRunInMemory() !== undefined) return;
  const before = snapshot();
  const ip = (...args: string[]) => spawnSync('ip', ['link', ...args]);
  const outcomes: Outcome[] = [];
  const head = heading(rest.runs);
  if (!json)
    console.log(
      bold(
        `\n${head.date}, ${head.machine}; Node ${head.node}, LXC ${head.lxc}; medians of ${head.runs} runs`,
      ),
    );
  ip('add', BRIDGE, 'type', 'bridge');
  ip('set', BRIDGE, 'up');
  try {
    for (const name of names) {
      const outcome = await bench(name, { ...rest, bridge: BRIDGE, stopped: () => stop });
      outcomes.push(outcome);
      if (!json) print(outcome);
    }
  } finally {
    ip('delete', BRIDGE);
  }
  if (json) console.log(JSON.stringify({ ...head, benches: outcomes }, null, 2));
  // The managers leave by themselves.
  for (const { kind, name } of await leaksSince(before, 15_000))
    console.error(yellow(`left behind: ${kind} ${name}`));
}

let stop = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    stop = true;
  });
try {
  await main();
} catch (error) {
  console.error(red(explain(error)));
}
