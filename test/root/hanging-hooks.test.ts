/** A hook that never ends holds up its own container only, and only until it is asked to end. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { processesIn } from './harness/leftovers.ts';
import { BIN } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const hang = join(host.root, 'hang');
/** A hook that ends neither by itself nor by SIGTERM. */
const stubborn = join(host.root, 'stubborn');

before(async () => {
  if (skip) return;
  mkdirSync(host.root, { recursive: true });
  writeFileSync(hang, '#!/bin/sh\nexec sleep 3456\n');
  writeFileSync(stubborn, '#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 1; done\n');
  for (const file of [hang, stubborn]) chmodSync(file, 0o755);
  await busybox.start('other');
});

const hooks = () =>
  host.processes().filter(({ title }) => title.includes('sleep 3456') || title.includes(stubborn));

const state = async (name: string) => (await host.ok('info', ['-n', `@${name}`, '-s', '-H'])).trim();

function begin(name: string): { child: ChildProcess; ended: Promise<unknown[]>; said: () => string } {
  const child = spawn(join(BIN, 'tslxc-start'), ['-P', host.lxcpath, '-n', host.name(name), '-d'], {
    env: { ...process.env, ...host.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return { child, ended: once(child, 'close'), said: () => text };
}

/** Another container is as quick as ever. */
async function othersWork(): Promise<void> {
  assert.equal(await state('other'), 'RUNNING');
  assert.equal(await host.ok('attach', ['-n', '@other', '--', 'echo', 'hello']), 'hello\n');
}

async function nothingIsLeft(name: string): Promise<void> {
  await eventually('no hook is left', () => hooks().length === 0);
  await eventually('it is STOPPED', async () => (await state(name)) === 'STOPPED');
  assert.deepEqual(processesIn(host.name(name)), []);
}

for (const [type, file] of [
  ['pre-start', hang],
  ['pre-start', stubborn],
  ['start-host', hang],
  ['mount', hang],
] as const)
  test(`stop -k calls off a start that hangs in ${type} (${file === hang ? 'sleeps' : 'ignores TERM'})`, {
    skip,
  }, async () => {
    const name = `${type}-${file === hang ? 's' : 't'}`;
    await busybox.make(name, `lxc.hook.${type} = ${file}`);
    const { ended, said } = begin(name);
    await eventually('the hook runs', () => hooks().length > 0);
    assert.equal(await state(name), 'STARTING');
    await othersWork();
    await host.ok('stop', ['-n', `@${name}`, '-k']);
    assert.equal((await ended)[0], 1);
    assert.match(said(), /the start was called off: the container was to be stopped/);
    await nothingIsLeft(name);
  });

test('a signal to tslxc-start calls off a start that hangs', { skip }, async () => {
  await busybox.make('signal', `lxc.hook.pre-start = ${hang}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    const { child, ended } = begin('signal');
    await eventually('the hook runs', () => hooks().length > 0);
    child.kill(signal);
    assert.equal((await ended)[1], signal);
    await nothingIsLeft('signal');
  }
});

test('stop -k ends a post-stop hook that hangs', { skip }, async () => {
  await busybox.start('end', `lxc.hook.post-stop = ${hang}`);
  const first = host.tslxc('stop', ['-n', '@end', '-k']);
  await eventually('the hook runs', () => hooks().length > 0);
  await othersWork();
  await host.ok('stop', ['-n', '@end', '-k']);
  assert.equal((await first).code, 0);
  await nothingIsLeft('end');
});

test('stop with a timeout ends a hook that hangs after that time', { skip }, async () => {
  await busybox.make('timeout', `lxc.hook.pre-start = ${hang}`);
  const { ended } = begin('timeout');
  await eventually('the hook runs', () => hooks().length > 0);
  const stopped = await host.tslxc('stop', ['-n', '@timeout', '-t', '1', '--nokill']);
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /its start is not over after 1 seconds: a hook or a file system hangs/);
  assert.equal(hooks().length > 0, true, '--nokill kills nothing');
  await host.ok('stop', ['-n', '@timeout', '-t', '1']);
  assert.equal((await ended)[0], 1);
  await nothingIsLeft('timeout');
});
