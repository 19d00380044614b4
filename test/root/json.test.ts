/** What --json prints is what docs/schema says, for every command that has it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { COMMANDS, loadCommand } from '../../src/cli/run/command-table.ts';
import { generateSchemas, SCHEMAS, schemaText, writtenSchema } from '../schema/generate.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BASE_ENV, BIN } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const ajv = new Ajv({ strict: false });
const held = new Set<string>();

function holds(command: string, text: string): void {
  const path = join(SCHEMAS, `${command}.json`);
  const validate =
    ajv.getSchema(path) ?? ajv.compile({ ...JSON.parse(readFileSync(path, 'utf8')), $id: path });
  const value = JSON.parse(text) as unknown;
  assert.ok(validate(value), `${command}: ${JSON.stringify(validate.errors, null, 1)}\n${text}`);
  held.add(command);
}

const json = async (command: string, ...args: string[]) => {
  const text = await host.ok(command, [...args, '--json']);
  holds(command, text);
  return JSON.parse(text) as never;
};

/** One object in a line. */
function holdLines(command: string, text: string): void {
  for (const line of text.trim().split('\n')) holds(command, line);
}

test('the schemas are those of the types', () => {
  const schemas = generateSchemas();
  assert.deepEqual(
    readdirSync(SCHEMAS).sort(),
    [...schemas.keys()].map((name) => `${name}.json`).sort(),
    'test/schema/generate.ts writes them',
  );
  for (const [name, schema] of schemas) assert.equal(writtenSchema(name), schemaText(schema), name);
});

test('a schema refuses a value of another shape', () => {
  assert.throws(() => holds('wait', '{"name":"x"}'));
  assert.throws(() => holds('wait', '{"name":"x","state":"ASLEEP"}'));
  assert.throws(() => holds('ls', '[{"name":7}]'));
  held.clear();
});

test('of containers that run, stop, fail and are wrong', { skip }, async () => {
  await busybox.make('a', 'lxc.start.auto = 1\nlxc.group = web\nlxc.hook.pre-start = echo hello');
  await busybox.make('wrong', 'lxc.uts.name');
  await json('start', '-n', '@a', '--dry-run');
  await json('info', '-n', '@a');
  const monitor = spawn(join(BIN, 'tslxc-monitor'), ['-P', host.lxcpath, '--json'], {
    env: { ...BASE_ENV, ...host.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let events = '';
  monitor.stdout.on('data', (chunk) => {
    events += chunk;
  });
  try {
    await json('start', '-n', '@a');
    await eventually('the monitor is there', () => events.includes('RUNNING'));
    await json('info', '-n', '@a');
    await json('info', '-n', '@a', '--why', '-c', 'lxc.group', '-c', 'lxc.bogus');
    await json('wait', '-n', '@a', '-s', 'RUNNING');
    await json('ls');
    await json('cgroup', '-n', '@a', 'pids.max', '100');
    await json('cgroup', '-n', '@a', 'pids.max');
    await json('device', '-n', '@a', 'add', '/dev/zero', '/dev/nothing');
    await json('network', 'list', '-n', '@a');
    await json('network', 'ports', '-n', '@a');
    holdLines('top', await host.ok('top', ['--json', '-d', '0.1', '--count', '2']));
    await json('autostart', '-L', '-a');
    await json('autostart', '--explain', '-k');
    await json('autostart', '-k', '-a');
    await eventually('the stop', () => events.includes('STOPPED'));
    await host.tslxc('start', ['-n', '@wrong', '--json']);
    await json('info', '-n', '@a', '--why');
    holdLines('logs', await host.ok('logs', ['-n', '@a', '--json']));
  } finally {
    monitor.kill();
  }
  holdLines('monitor', events);
});

test('of errors, also those with causes and with others beside them', { skip }, async () => {
  for (const [command, ...args] of [
    ['info', '-n', '@nobody'],
    ['start', '-n', '@wrong'],
    ['start', '-n', '@wrong', '-s', 'lxc.bogus=1'],
    ['ls', '--no-such-option'],
  ] as const) {
    const { code, stderr } = await host.tslxc(command, [...args, '--json']);
    assert.equal(code, 1);
    holdLines('error', stderr);
  }
  assert.match(JSON.stringify(await json('ls', '--filter', 'wrong')), /"fault":\{"code":"CONFIG/);
});

test('of the system file, checks, snapshots, copies and archives', { skip }, async () => {
  holds('checkconfig', (await host.tslxc('checkconfig', ['--json'])).stdout);
  await json('config', '-l');
  await json('config', 'lxc.lxcpath');
  holds('config', await host.ok('config', ['check', host.name('a'), '-P', host.lxcpath, '--json']));
  const bad = await host.tslxc('config', ['check', host.name('wrong'), '-P', host.lxcpath, '--json']);
  holds('config', bad.stdout);
  holds('execute', await host.ok('execute', ['-n', '@a', '-d', '--json', '--', 'sleep', '100']));
  await host.kill('a');
  await json('snapshot', '-n', '@a');
  await json('snapshot', '-n', '@a', '-L');
  await json('snapshot', '-n', '@a', '--tree');
  await json('copy', '-n', '@a', '-N', '@b', '-s');
  await json('copy', '-n', '@b', '--flatten');
  await json('copy', '-n', '@b', '-N', '@c', '-R');
  const archive = join(host.root, 'archive');
  await json('export', '-n', '@a', '-o', archive);
  await json('import', archive, '-N', '@d', '--trust');
  holds('net', (await host.tslxc('net', ['status', '--json'])).stdout);
});

test('no command that has --json was left out', { skip }, async () => {
  for (const name of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]) {
    const { spec } = await loadCommand(name);
    if ('json' in spec.options) assert.ok(held.has(name), name);
  }
  assert.ok(held.has('error'));
});
