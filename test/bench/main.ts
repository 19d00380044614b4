/**
 * npm run bench -- [--runs N] [--json]
 * tslxc and LXC in turn in one run, so that whatever else the machine does falls on both. Needs root. Always ends with 0:
 * it says which marks are reached.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FOR_TESTS } from '../setup/debian-packages.mjs';
import { leaksSince, snapshot } from '../setup/leak-check.ts';
import { buildProgram, explain, installDebianPackages } from '../setup/prepare.mjs';
import { bold, dim, green, red, spinner, yellow } from '../setup/progress.mjs';
import { INSIDE, liveOnce, type Place, STEPS, Times } from './measure.ts';
import { type Peer, peers } from './peers.ts';

const BRIDGE = 'tslxcbench0';
const WARM_UP = 2;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
});
const runs = Number(values.runs);

interface Result {
  readonly date: string;
  readonly machine: string;
  readonly versions: { readonly node: string; readonly lxc: string };
  readonly runs: number;
  /** Medians in milliseconds. */
  readonly steps: readonly { step: string; tslxc: number; lxc: number; ratio: number }[];
  readonly receiptToExecve: number;
  readonly marks: readonly { mark: string; reached: boolean }[];
}

let stop = false;

async function measure(place: Place, pair: readonly [Peer, Peer]): Promise<Result> {
  const times = new Map(pair.map((peer) => [peer.name, new Times()]));
  for (let round = -WARM_UP; round < runs && !stop; round++) {
    const wait = spinner(round < 0 ? 'warming up' : `run ${round + 1} of ${runs}`);
    // Each goes first every other time.
    for (const peer of round % 2 ? [...pair].reverse() : pair)
      liveOnce(peer, round < 0 ? new Times() : times.get(peer.name)!, place, round + WARM_UP);
    wait.stop();
    await delay(50);
  }
  const [tslxc, lxc] = [times.get('tslxc')!, times.get('LXC')!];
  const steps = STEPS.map((step) => {
    const [ours, theirs] = [tslxc.median(step), lxc.median(step)];
    return { step, tslxc: ours, lxc: theirs, ratio: ours / theirs };
  });
  const start = steps.find(({ step }) => step === 'start -d')!;
  const inside = tslxc.median(INSIDE);
  const memory = /MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0;
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(Number(memory) / 2 ** 20)} GiB, Linux ${release()}`,
    versions: {
      node: process.version,
      lxc: spawnSync('lxc-ls', ['--version'], { encoding: 'utf8' }).stdout.trim(),
    },
    runs,
    steps,
    receiptToExecve: inside,
    marks: [
      { mark: `from receipt to execve at most what lxc-start -d takes`, reached: inside <= start.lxc },
      { mark: `start -d at most 3 times lxc-start -d`, reached: start.ratio <= 3 },
    ],
  };
}

function print({ date, machine, versions, steps, receiptToExecve, marks }: Result): void {
  console.log(
    bold(`\n${date}, ${machine}; Node ${versions.node}, LXC ${versions.lxc}; medians of ${runs} runs\n`),
  );
  const row = (cells: string[]) =>
    console.log(cells.map((cell, i) => (i ? cell.padStart(10) : cell.padEnd(24))).join(''));
  const ms = (time: number) => (time < 100 ? time.toFixed(1) : time.toFixed(0));
  row(['', 'tslxc ms', 'LXC ms', 'ratio']);
  for (const { step, tslxc, lxc, ratio } of steps) row([step, ms(tslxc), ms(lxc), ratio.toFixed(2)]);
  row([`  ${INSIDE}`, ms(receiptToExecve)]);
  console.log(
    dim("\n'receipt to execve': within start -d, from the manager's receipt to the execve of init\n"),
  );
  for (const { mark, reached } of marks)
    console.log(reached ? `${green('✓')} ${mark}` : `${yellow('✗')} ${mark}: not reached`);
}

/** Two peers' containers under a folder of ours, a bridge of ours; all of it goes again. */
async function main(): Promise<void> {
  if (process.getuid!() !== 0) throw new Error('the bench starts containers: run it as root');
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs takes a number');
  await installDebianPackages(FOR_TESTS);
  await buildProgram();
  const folder = mkdtempSync(join(tmpdir(), 'tslxc-bench-'));
  const before = snapshot();
  const pair = peers(folder);
  const config = join(folder, 'bench.conf');
  const ip = (...args: string[]) => spawnSync('ip', ['link', ...args]);
  try {
    for (const { lxcpath } of pair) mkdirSync(lxcpath);
    writeFileSync(config, 'lxc.net.0.type = empty\n');
    ip('add', BRIDGE, 'type', 'bridge');
    ip('set', BRIDGE, 'up');
    const result = await measure({ folder, config, bridge: BRIDGE }, pair);
    if (values.json) console.log(JSON.stringify(result, null, 2));
    else print(result);
  } finally {
    for (const peer of pair)
      for (const name of readdirSync(peer.lxcpath)) peer.run('destroy', ['-n', name, '-f', '-s']);
    ip('delete', BRIDGE);
  }
  // The managers leave by themselves.
  for (const { kind, name } of await leaksSince(before, 15_000))
    console.log(yellow(`left behind: ${kind} ${name}`));
  rmSync(folder, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    stop = true;
  });
try {
  await main();
} catch (error) {
  console.error(red(explain(error)));
}
