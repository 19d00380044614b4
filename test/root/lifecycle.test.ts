/** One container's life through the commands: start, look, attach, reboot, stop, destroy. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { delay, eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

/** An init that does nothing but end at SIGTERM with a status of its own. */
const SLEEPER = ['--', '/bin/sh', '-c', 'trap "exit 3" TERM; while :; do sleep 1 & wait $!; done'];
/** An init that no signal ends. */
const DEAF = ['--', '/bin/sh', '-c', 'trap "" USR1 PWR TERM INT; while :; do sleep 1; done'];

test('create, start, ls, info, attach, stop, destroy', { skip }, async () => {
  await busybox.base();
  await host.ok('create', ['-n', '@life', '-t', 'busybox', '-f', join(host.root, 'default.conf')]);
  assert.equal(await host.state('life'), 'STOPPED');
  assert.equal(await host.ok('start', ['-n', '@life', '-d']), '');
  assert.equal(await host.state('life'), 'RUNNING');
  const ls = await host.ok('ls', ['-f', '--running']);
  assert.match(ls, /^NAME +STATE +AUTOSTART +GROUPS +IPV4 +IPV6 +UNPRIVILEGED/);
  assert.match(ls, new RegExp(`^${host.name('life')} +RUNNING +0 +- +- +- +false`, 'm'));
  const info = await host.ok('info', ['-n', '@life']);
  assert.match(info, new RegExp(`^Name: +${host.name('life')}$`, 'm'));
  assert.match(info, /^State: +RUNNING$/m);
  assert.match(info, /^PID: +\d+$/m);
  assert.match(info, /^Memory use: +\d/m);
  assert.equal(
    await host.inside('life', 'hostname; echo $container; cat /proc/1/comm'),
    `${host.name('life')}\nlxc\ninit`,
  );
  await host.ok('stop', ['-n', '@life']);
  assert.equal(await host.ok('info', ['-n', '@life', '-s']), 'State:          STOPPED\n');
  await host.assertNothingLeft();
  await host.ok('destroy', ['-n', '@life']);
  assert.equal(existsSync(join(host.lxcpath, host.name('life'))), false);
});

test('a container that runs is not started a second time', { skip }, async () => {
  await busybox.start('twice');
  const before = await host.initPid('twice');
  const { code, stderr } = await host.tslxc('start', ['-n', '@twice']);
  // LXC says so too, and returns 0 all the same.
  assert.equal(code, 1);
  assert.match(stderr, /running already/);
  assert.ok(stderr.includes(host.name('twice')));
  assert.equal(await host.initPid('twice'), before);
});

test('a container that runs is not destroyed, unless by force', { skip }, async () => {
  await host.ok('start', ['-n', '@twice']);
  const refused = await host.tslxc('destroy', ['-n', '@twice']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /running/);
  assert.equal(await host.state('twice'), 'RUNNING');
  await host.ok('destroy', ['-n', '@twice', '-f']);
  assert.equal(existsSync(join(host.lxcpath, host.name('twice'))), false);
  await host.assertNothingLeft();
});

test('what does not run cannot be stopped or entered', { skip }, async () => {
  await busybox.make('idle');
  for (const name of ['@idle', '@nowhere']) {
    const { code, stderr } = await host.tslxc('stop', ['-n', name]);
    assert.equal(code, 2);
    assert.match(stderr, /not running|no (such )?container/);
  }
  for (const command of ['attach', 'console']) {
    const { code, stderr } = await host.tslxc(command, ['-n', '@idle']);
    assert.equal(code, 1);
    assert.match(stderr, /not running/);
  }
});

test('reboot from inside: a new init under the same manager', { skip }, async () => {
  await busybox.start('boot');
  const [init, manager] = [await host.initPid('boot'), host.managerPid()];
  await host.inside('boot', 'echo kept >/root/kept');
  await host.tslxc('attach', ['-n', '@boot', '--', 'reboot']);
  const next = await eventually('a new init', async () => {
    const pid = await host.initPid('boot');
    return pid && pid !== init ? pid : undefined;
  });
  assert.notEqual(next, init);
  assert.equal(host.managerPid(), manager);
  assert.equal(await host.inside('boot', 'cat /root/kept'), 'kept');
  // `-r` asks from outside and waits.
  await host.ok('stop', ['-n', '@boot', '-r']);
  assert.notEqual(await host.initPid('boot'), next);
  assert.equal(await host.state('boot'), 'RUNNING');
});

test('poweroff from inside stops it', { skip }, async () => {
  await host.ok('start', ['-n', '@boot']);
  await host.tslxc('attach', ['-n', '@boot', '--', 'poweroff']);
  await eventually('it stops', async () => (await host.state('boot')) === 'STOPPED');
  await host.assertNothingLeft();
});

test('an init that ends by itself stops it', { skip }, async () => {
  await host.ok('start', ['-n', '@idle', '--', '/bin/sh', '-c', 'exit 5']);
  await eventually('it stops', async () => (await host.state('idle')) === 'STOPPED');
  await host.assertNothingLeft();
});

test('-F: the console here, and the exit status of init', { skip }, async () => {
  const { code, stdout } = await host.tslxc('start', [
    '-n',
    '@idle',
    '-F',
    '--',
    '/bin/sh',
    '-c',
    'echo hello from $$; exit 9',
  ]);
  assert.match(stdout, /hello from 1\r?\n/);
  assert.equal(code, 9);
  const killed = await host.tslxc('start', [
    '-n',
    '@idle',
    '-F',
    '--',
    '/bin/sh',
    '-c',
    'sleep 0.2; echo last words; exit 0',
  ]);
  assert.match(killed.stdout, /last words/);
  assert.equal(killed.code, 0);
  await host.assertNothingLeft();
});

test('-F: many lines of output arrive whole', { skip }, async () => {
  const { code, stdout } = await host.tslxc('start', [
    '-n',
    '@idle',
    '-F',
    '--',
    '/bin/sh',
    '-c',
    'seq 1 20000; exit 4',
  ]);
  assert.equal(code, 4);
  const lines = stdout.replaceAll('\r', '').split('\n').filter(Boolean);
  assert.equal(lines.at(-1), '20000');
  assert.equal(lines.length, 20000);
});

test('-F: a kill from outside is 137', { skip }, async () => {
  const running = host.tslxc('start', ['-n', '@idle', '-F', ...SLEEPER]);
  await eventually('it runs', async () => (await host.state('idle')) === 'RUNNING');
  await host.ok('stop', ['-n', '@idle', '-k']);
  assert.equal((await running).code, 137);
});

test("-F: the end of the command is the container's end", { skip }, async () => {
  let pid = 0;
  const running = host.tslxc('start', ['-n', '@idle', '-F', '-s', 'lxc.signal.halt=SIGTERM', ...SLEEPER], {
    onSpawn: (child) => {
      pid = child.pid!;
    },
  });
  await eventually('it runs', async () => (await host.state('idle')) === 'RUNNING');
  process.kill(pid, 'SIGKILL');
  assert.equal((await running).signal, 'SIGKILL');
  await eventually('it stops', async () => (await host.state('idle')) === 'STOPPED');
  await host.assertNothingLeft();
});

test('stop: the halt signal, then the end of patience', { skip }, async () => {
  await host.ok('start', ['-n', '@idle', '-s', 'lxc.signal.halt=SIGTERM', ...SLEEPER]);
  const polite = await host.tslxc('stop', ['-n', '@idle']);
  assert.equal(polite.code, 0);
  assert.ok(polite.ms < seconds(10), 'a halt signal that is answered needs no patience');

  await host.ok('start', ['-n', '@idle', ...DEAF]);
  const refused = await host.tslxc('stop', ['-n', '@idle', '-t', '1', '--nokill']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /did not (answer|stop)/);
  assert.equal(await host.state('idle'), 'RUNNING');
  for (const hurried of [['-t', '0'], ['-W']]) {
    const { code, ms } = await host.tslxc('stop', ['-n', '@idle', ...hurried]);
    assert.equal(code, 0);
    assert.ok(ms < seconds(3));
    assert.equal(await host.state('idle'), 'RUNNING');
  }
  const reboot = await host.tslxc('stop', ['-n', '@idle', '-r', '-t', '1']);
  assert.equal(reboot.code, 1);
  assert.equal(await host.state('idle'), 'RUNNING');
  const forced = await host.tslxc('stop', ['-n', '@idle', '-t', '1']);
  assert.equal(forced.code, 0);
  assert.ok(forced.ms >= 1000);
  assert.equal(await host.state('idle'), 'STOPPED');
  await host.assertNothingLeft();
});

test('stop: -k at once', { skip }, async () => {
  await host.ok('start', ['-n', '@idle', ...DEAF]);
  const { code, ms } = await host.tslxc('stop', ['-n', '@idle', '-k']);
  assert.equal(code, 0);
  assert.ok(ms < seconds(3));
  assert.equal((await host.tslxc('stop', ['-n', '@idle', '-k'])).code, 2);
});

test('stop: combinations that make no sense are refused', { skip }, async () => {
  for (const args of [['-k', '-r'], ['-k', '--nokill'], ['-k', '-t', '3'], ['--nolock'], ['-t', '-2']]) {
    const { code, stderr } = await host.tslxc('stop', ['-n', '@idle', ...args]);
    assert.equal(code, 1, args.join(' '));
    assert.notEqual(stderr, '');
  }
});

test('a frozen container is stopped all the same', { skip }, async () => {
  await host.ok('start', ['-n', '@idle', '-s', 'lxc.signal.halt=SIGTERM', ...SLEEPER]);
  const { freeze } = await import('../../src/cgroup/container-cgroup.ts');
  const record = (await import('node:fs')).globSync(
    `${host.rundir}/containers/*/${host.name('idle')}/state.json`,
  )[0]!;
  await freeze(JSON.parse(readFileSync(record, 'utf8')).cgroup);
  assert.equal(await host.state('idle'), 'FROZEN');
  const { code, ms } = await host.tslxc('stop', ['-n', '@idle']);
  assert.equal(code, 0);
  assert.ok(ms < seconds(10));
});

test('an ephemeral container survives a reboot and goes with its stop', { skip }, async () => {
  covers('lxc.ephemeral');
  await busybox.start('brief', 'lxc.ephemeral = 1');
  await host.ok('stop', ['-n', '@brief', '-r']);
  assert.equal(await host.state('brief'), 'RUNNING');
  assert.ok(existsSync(host.config('brief')));
  await host.ok('stop', ['-n', '@brief', '-k']);
  await eventually('it goes', () => !existsSync(join(host.lxcpath, host.name('brief'))));
  await host.assertNothingLeft();
});

test('the pid file is there while it runs', { skip }, async () => {
  const file = join(host.root, 'idle.pid');
  await host.ok('start', ['-n', '@idle', '-p', file, ...SLEEPER]);
  assert.equal(Number(readFileSync(file, 'utf8')), await host.initPid('idle'));
  await host.kill('idle');
  assert.equal(existsSync(file), false);
});

test('-s and -f: settings and a config file for one run', { skip }, async () => {
  await host.ok('start', ['-n', '@idle', '-s', 'lxc.uts.name=other', '-s', 'lxc.environment=A=1']);
  assert.equal(await host.inside('idle', 'hostname'), 'other');
  await host.kill('idle');
  const file = join(host.root, 'other.conf');
  writeFileSync(file, `${readFileSync(host.config('idle'), 'utf8')}\nlxc.uts.name = third\n`);
  await host.ok('start', ['-n', '@idle', '-f', file]);
  assert.equal(await host.inside('idle', 'hostname'), 'third');
  await host.ok('stop', ['-n', '@idle', '-r']);
  assert.equal(await host.inside('idle', 'hostname'), 'third', 'after a reboot too');
  await host.kill('idle');
});

test('many commands at once', { skip }, async () => {
  await Promise.all(['m1', 'm2', 'm3', 'm4'].map((name) => busybox.make(name)));
  const results = await Promise.all(
    ['m1', 'm2', 'm3', 'm4', 'm1', 'm2'].map((name) => host.tslxc('start', ['-n', `@${name}`])),
  );
  for (const { code, stderr } of results)
    assert.ok(code === 0 || /another command|already|starting/.test(stderr), stderr);
  const active = (await host.ok('ls', ['-1', '--active'])).trim().split('\n');
  assert.deepEqual(
    active,
    ['m1', 'm2', 'm3', 'm4'].map((name) => host.name(name)),
  );
  await Promise.all(['m1', 'm2', 'm3', 'm4'].map((name) => host.kill(name)));
  await host.assertNothingLeft();
});

test('an idle manager leaves, and the next command brings another', { skip }, async () => {
  const own = new ContainerHost({ idle: 0.3, manual: true });
  try {
    const box = new Busybox(own);
    await box.start('one');
    const first = own.managerPid();
    assert.ok(first);
    await delay(1000);
    assert.equal(own.managerPid(), first, 'it stays while a container runs');
    await own.kill('one');
    await eventually('it leaves', () => own.processes().length === 0);
    await own.ok('start', ['-n', '@one']);
    assert.notEqual(own.managerPid(), first);
    await own.kill('one');
  } finally {
    await own.dispose();
  }
});
