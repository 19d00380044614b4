/** tslxc-autostart on real containers: order, pauses, groups, what fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
covers('lxc.start.auto', 'lxc.start.order', 'lxc.start.delay', 'lxc.group');

const running = async () =>
  (await host.ok('ls', ['-1', '--running']))
    .split('\n')
    .filter(Boolean)
    .map((name) => name.slice(host.mark.length + 1))
    .sort();

const list = async (...args: string[]) =>
  (await host.ok('autostart', ['-L', ...args])).replaceAll(`${host.mark}-`, '');

test('chooses, lists and explains', { skip }, async () => {
  await busybox.make('a', 'lxc.start.auto = 1\nlxc.start.order = 2');
  await busybox.make('b', `lxc.start.auto = 1\nlxc.start.order = 1\nlxc.start.delay = 1`);
  await busybox.make('c', `lxc.start.auto = 1\nlxc.group = onboot web`);
  await busybox.make('d');
  assert.equal(await list(), 'b 1\na 0\n');
  assert.equal(await list('-g', 'onboot,'), 'c 0\nb 1\na 0\n');
  assert.equal(await list('-a', '-A'), 'base 0\nc 0\nd 0\nb 1\na 0\n');
  assert.equal(await list('-a', '-k'), '', 'nothing runs');
  const explained = await host.ok('autostart', ['--explain']);
  assert.match(
    explained,
    new RegExp(`^${host.name('b')}: start, because it is in no group \\(order 1, then 1 sec`, 'm'),
  );
  assert.match(explained, new RegExp(`^${host.name('d')}: no start, because lxc.start.auto is not 1$`, 'm'));
  const json = JSON.parse(await host.ok('autostart', ['-L', '--json'])) as {
    name: string;
    chosen: boolean;
  }[];
  assert.deepEqual(
    json.filter(({ chosen }) => chosen).map(({ name }) => name),
    [host.name('b'), host.name('a')],
  );
  assert.equal(json.length, 5);
});

test('starts in order with pauses; a second time there is nothing to do', { skip }, async () => {
  const { code, ms } = await host.tslxc('autostart');
  assert.equal(code, 0);
  assert.ok(ms > 1000, 'the pause behind b');
  assert.deepEqual(await running(), ['a', 'b']);
  assert.equal((await host.tslxc('autostart')).code, 0);
  await host.ok('autostart', ['-g', 'web']);
  assert.deepEqual(await running(), ['a', 'b', 'c']);
});

test('reboots and shuts down the chosen containers', { skip }, async () => {
  const before = await host.initPid('a');
  await host.ok('autostart', ['-r']);
  assert.notEqual(await host.initPid('a'), before);
  assert.deepEqual(await running(), ['a', 'b', 'c']);
  assert.equal(await list('-s', '-a'), 'a\nb\nc\n', 'the other way round');
  await host.ok('autostart', ['-s', '-g', '']);
  assert.deepEqual(await running(), ['c']);
  await host.ok('autostart', ['-a', '-A', '-k']);
  assert.deepEqual(await running(), []);
});

test('says what fails: 2 where some did, 1 where all did', { skip }, async () => {
  await busybox.make('x', 'lxc.start.auto = 1\nlxc.init.cmd = /nowhere');
  const some = await host.tslxc('autostart');
  assert.equal(some.code, 2);
  assert.match(some.stderr, new RegExp(`tslxc-autostart: ${host.name('x')}: .*nowhere`));
  assert.deepEqual(await running(), ['a', 'b']);
  const all = await host.tslxc('autostart', ['--json']);
  assert.equal(all.code, 1);
  const [result] = JSON.parse(all.stdout) as { name: string; error: { code: string } }[];
  assert.equal(result!.name, host.name('x'));
  assert.equal(result!.error.code, 'INIT_MISSING');
  const none = await host.tslxc('autostart', ['-P', `${host.root}/nowhere`]);
  assert.equal(none.code, 0, 'nobody there is no failure');
});
