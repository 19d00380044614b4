/**
 * npm run selftest:fork -- [COUNT] [--node 22|24|26] [--flags="--single-threaded …"] [--json]
 * Whether the certified fork (docs/design.md, The fork) holds on this machine: no certified child may fail.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { explain, pinnedNode, ROOT } from '../setup/prepare.mjs';
import { green, red, step } from '../setup/progress.mjs';
import { endCommands, runCommand } from '../setup/run-command.mjs';
import type { Row } from './fork-trial.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string' },
    // What Node needs to hold still; docs/fork-selftest.md says why.
    flags: { type: 'string', default: '--single-threaded --v8-pool-size=0' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(positionals[0] ?? 2000);
if (!Number.isInteger(count) || count < 1 || (values.node && !/^\d+$/.test(values.node))) {
  console.error('usage: npm run selftest:fork -- [COUNT] [--node MAJOR] [--flags=FLAGS] [--json]');
  process.exit(2);
}

/** The pinned Node, or another major version of it, installed outside of the project. */
async function nodeOf(folder: string): Promise<string> {
  const name = `node-linux-${process.arch}`;
  if (!values.node || process.version.startsWith(`v${values.node}.`)) return pinnedNode();
  await step(`Node ${values.node}`, () =>
    runCommand('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `${name}@${values.node}`]),
  );
  return join(folder, 'node_modules', name, 'bin/node');
}

function print({ version, arch, rows }: { version: string; arch: string; rows: Row[] }): void {
  const header = ['', 'forks', 'tried again', 'certified, failed', 'median ms', 'p99 ms'];
  const lines = rows.map(({ what, forks, triedAgain, failed, median, p99 }) => [
    what,
    ...[forks, triedAgain, failed].map(String),
    ...[median, p99].map((time) => time?.toFixed(2) ?? '-'),
  ]);
  const width = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  console.log(`Node ${version} ${arch}, ${values.flags}`);
  for (const line of [header, ...lines])
    console.log(line.map((cell, i) => (i ? cell.padStart(width[i]!) : cell.padEnd(width[i]!))).join('  '));
}

async function main(folder: string): Promise<number> {
  const node = await nodeOf(folder);
  const bundle = join(folder, 'fork-trial.cjs');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/selftest/fork-trial.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['@koromix/*'],
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(bundle).href) },
  });
  const output = await runCommand(node, [...values.flags.split(' '), '--expose-gc', bundle, `${count}`], {
    env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
  });
  const result = JSON.parse(output);
  const forks = (result.rows as Row[]).reduce((sum, row) => sum + row.forks, 0);
  if (values.json) console.log(JSON.stringify(result, null, 2));
  else print(result);
  const failed = (result.rows as Row[]).reduce((sum, row) => sum + row.failed, 0);
  if (!values.json) console.log((failed ? red : green)(`${failed} of ${forks} certified children failed`));
  return failed ? 1 : 0;
}

const folder = mkdtempSync(join(tmpdir(), 'tslxc-selftest-'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => endCommands());
try {
  process.exitCode = await main(folder);
} catch (error) {
  console.error(red(explain(error)));
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
