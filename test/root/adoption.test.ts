/** Containers outlive their manager: what is killed, and what the next command finds. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { cgroupsOf, isAlive } from './harness/leftovers.ts';
import { BIN, run } from './harness/run-command.ts';
import { delay, eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const NAMES = ['one', 'two', 'three'];

async function threeRunning(): Promise<number[]> {
  const { name: bridge } = await host.bridge();
  const configs = [
    '',
    `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.flags = up`,
    'lxc.include = /usr/share/tslxc/config/userns.conf\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536',
  ];
  for (const [i, name] of NAMES.entries()) {
    if (!existsSync(host.config(name))) await busybox.make(name);
    busybox.reconfigure(name, configs[i]!);
    await host.ok('start', ['-n', `@${name}`]);
  }
  return await Promise.all(NAMES.map((name) => host.initPid(name)));
}

/** `terminals`: whether those of the containers are still in anybody's hands. */
async function everythingWorks(inits: readonly number[], terminals = true): Promise<void> {
  for (const [i, name] of NAMES.entries()) {
    assert.ok(isAlive(inits[i]!), `${name} runs`);
    assert.equal(await host.initPid(name), inits[i]);
    assert.equal(await host.inside(name, 'cat /proc/1/comm; hostname'), `init\n${name}`);
    const console = host.terminal('console', ['-n', `@${name}`]);
    if (!terminals) {
      await console.until(/terminal of tty 1 was lost/);
      assert.equal((await console.ended).code, 1);
      continue;
    }
    console.write('\r');
    await console.until('login: ');
    console.write('\x01q');
    assert.equal((await console.ended).code, 0);
  }
  const running = (await host.ok('ls', ['-1', '--running']))
    .trim()
    .split('\n')
    .map((name) => name.trim());
  assert.deepEqual(running, NAMES.map((name) => host.name(name)).sort());
}

const ALL = 'all that is ours';
const CASES: Record<string, () => (number | undefined)[]> = {
  'the manager': () => [host.managerPid()],
  'the fork server': () => [host.forkServerPid()],
  'the manager and the fork server': () => [host.managerPid(), host.forkServerPid()],
  'the keeper': () => [host.keeperPid()],
  [ALL]: () => host.processes().map(({ pid }) => pid),
};

for (const [what, victims] of Object.entries(CASES))
  test(`three containers survive the death of ${what}`, { skip }, async () => {
    const inits = await threeRunning();
    const pids = victims();
    assert.ok(pids.every((pid) => pid !== undefined) && pids.length > 0);
    await host.killProcesses(...pids);
    await everythingWorks(inits, what !== ALL);
    // One ends by itself, one is told to, one is killed.
    await host.tslxc('attach', ['-n', '@one', '--', 'poweroff']);
    await host.ok('stop', ['-n', '@two', '-t', '20']);
    await host.ok('stop', ['-n', '@three', '-k']);
    await eventually('all have stopped', async () => (await host.ok('ls', ['-1', '--active'])).trim() === '');
    await host.assertNothingLeft();
  });

test('the manager dies again and again', { skip }, async () => {
  const inits = await threeRunning();
  for (let i = 0; i < 5; i++) {
    await host.killProcesses(host.managerPid());
    assert.equal(await host.inside('one', 'echo alive'), 'alive');
  }
  await everythingWorks(inits);
});

test('a container that ends while no manager is there is cleaned up by the next', { skip }, async () => {
  const record = join(host.root, 'ended');
  await busybox.start('ends', `lxc.hook.post-stop = /bin/sh -c 'echo "$LXC_TARGET" >>${record}'`);
  const init = await host.initPid('ends');
  await host.killProcesses(host.managerPid(), host.forkServerPid());
  process.kill(init, 'SIGKILL');
  await eventually('it ends', () => !isAlive(init));
  assert.equal(await host.state('ends'), 'STOPPED', 'told without a manager');
  assert.equal((await host.tslxc('attach', ['-n', '@ends', '--', 'true'])).code, 1);
  await host.assertNothingLeft();
  await eventually('its hooks have run', () => existsSync(record));
  assert.equal(readFileSync(record, 'utf8'), 'stop\n');
  await host.ok('start', ['-n', '@ends']);
});

test('a manager that the keeper calls for that, and that dies too: another is called', { skip }, async () => {
  await busybox.start('one');
  const init = await host.initPid('one');
  await host.killProcesses(host.managerPid());
  process.kill(init, 'SIGKILL');
  const called = await eventually('one is called', () => host.managerPid());
  await host.killProcesses(called);
  if (cgroupsOf(host.mark).length > 0) await eventually('another is called', () => host.managerPid());
  await eventually('all has been cleared up', () => cgroupsOf(host.mark).length === 0);
});

test('a container that reboots while no manager is there runs again at the next command', {
  skip,
}, async () => {
  await busybox.start('reboots');
  const init = await host.initPid('reboots');
  writeFileSync(join(host.rootfs('reboots'), 'root/later.sh'), 'sleep 1; reboot -f\n');
  await host.inside('reboots', 'sh /root/later.sh >/dev/null 2>&1 &');
  await host.killProcesses(host.managerPid(), host.forkServerPid());
  await eventually('its init ends', () => !isAlive(init));
  await host.tslxc('attach', ['-n', '@reboots', '--', 'true']);
  await eventually('it runs again', async () => (await host.state('reboots')) === 'RUNNING');
  assert.notEqual(await host.initPid('reboots'), init);
  assert.equal(await host.inside('reboots', 'echo yes'), 'yes');
});

test('an adopted container reboots and keeps its settings', { skip }, async () => {
  await busybox.make('keeps');
  const log = join(host.root, 'keeps.log');
  await host.ok('start', [
    '-n',
    '@keeps',
    '-s',
    'lxc.uts.name=given',
    '-L',
    log,
    '--',
    '/bin/sh',
    '-c',
    'echo up; while :; do sleep 1; done',
  ]);
  await host.killProcesses(host.managerPid());
  const init = await host.initPid('keeps');
  await host.inside('keeps', 'reboot -f >/dev/null 2>&1 &');
  await eventually('a new init', async () => ![0, init].includes(await host.initPid('keeps')));
  assert.equal(await host.inside('keeps', 'hostname; cat /proc/1/comm'), 'given\nsh');
  await eventually('the log goes on', () => readFileSync(log, 'utf8').replaceAll('\r', '') === 'up\nup\n');
});

test('an adopted ephemeral container goes with its stop', { skip }, async () => {
  await busybox.start('brief', 'lxc.ephemeral = 1');
  await host.killProcesses(host.managerPid());
  await host.ok('stop', ['-n', '@brief', '-k']);
  await eventually('it goes', () => !existsSync(host.config('brief')));
});

test('a config that cannot be read any more: the container is still looked after', { skip }, async () => {
  await busybox.start('broken');
  await host.killProcesses(host.managerPid());
  writeFileSync(host.config('broken'), 'lxc.nonsense = 1\n');
  assert.equal(await host.state('broken'), 'RUNNING');
  await host.ok('stop', ['-n', '@broken', '-k']);
  assert.equal(await host.state('broken'), 'STOPPED');
});

test('a program that was attached goes on when the manager dies', { skip }, async () => {
  await busybox.start('attached');
  const attach = host.tslxc('attach', [
    '-n',
    '@attached',
    '--',
    'sh',
    '-c',
    'echo begun; sleep 2; touch /root/through',
  ]);
  await eventually('it runs', async () => (await host.inside('attached', 'ps')).includes('sleep 2'));
  await host.killProcesses(host.managerPid());
  const { code, stderr, stdout } = await attach;
  assert.equal(stdout, 'begun\n');
  assert.notEqual(code, 0);
  assert.match(stderr, /manager/);
  await eventually('it has gone on', () => existsSync(join(host.rootfs('attached'), 'root/through')));
});

test('a foreground start whose manager dies says so; the container goes on', { skip }, async () => {
  await busybox.make('front');
  const start = host.tslxc('start', [
    '-n',
    '@front',
    '-F',
    '--',
    '/bin/sh',
    '-c',
    'while :; do sleep 1; done',
  ]);
  await eventually('it runs', async () => (await host.state('front')) === 'RUNNING');
  await host.killProcesses(host.managerPid());
  const { code, stderr } = await start;
  assert.equal(code, 1);
  assert.match(stderr, /keeps running/);
  assert.equal(await host.state('front'), 'RUNNING');
});

test('commands that look, look without a manager', { skip }, async () => {
  await busybox.start('look');
  await host.killProcesses(host.managerPid(), host.forkServerPid());
  await host.ok('ls', ['-f']);
  await host.ok('info', ['-n', '@look']);
  assert.equal(host.managerPid(), undefined);
});

test('after an upgrade: a manager of another build takes over from the old keeper', { skip }, async () => {
  const before = await threeRunning();
  for (const name of NAMES) await host.kill(name);
  await host.killProcesses(...host.processes().map(({ pid }) => pid));
  // The same program by another name: what is on the disk is the upgrade, what runs is this.
  const old = join(host.root, 'old');
  for (const part of ['bin', 'dist', 'config'])
    cpSync(join(BIN, '..', part), join(old, part), { recursive: true, verbatimSymlinks: true });
  symlinkSync(join(BIN, '../node_modules'), join(old, 'node_modules'));
  writeFileSync(join(old, 'dist/build-id'), 'old\n');
  for (const name of NAMES) {
    const args = ['-P', host.lxcpath, '-n', host.name(name)];
    const { code, stderr } = await run(join(old, 'bin/tslxc-start'), args, { env: host.env });
    assert.equal(code, 0, stderr);
  }
  const inits = await Promise.all(NAMES.map((name) => host.initPid(name)));
  assert.ok(inits.every((pid) => !before.includes(pid)));
  const keeper = host.keeperPid();
  await host.killProcesses(host.managerPid(), host.forkServerPid());
  await everythingWorks(inits);
  assert.notEqual(host.keeperPid(), keeper);
  await busybox.start('fourth');
  await host.ok('stop', ['-n', '@two', '-t', '20']);
  await host.stopAll();
  await host.assertNothingLeft();
});

test('nothing running: what was killed leaves nothing, and the next start is as ever', { skip }, async () => {
  for (const victims of Object.values(CASES)) {
    await busybox.make('after');
    await host.ok('start', ['-n', '@after']);
    await host.kill('after');
    await host.killProcesses(...victims());
    const { ms, code, stderr } = await host.tslxc('start', ['-n', '@after']);
    assert.equal(code, 0, stderr);
    assert.ok(ms < seconds(10));
    assert.equal(await host.inside('after', 'echo yes'), 'yes');
    await host.kill('after');
    await host.assertNothingLeft();
  }
});

test('everything killed and no command after: the keeper goes by itself', { skip }, async () => {
  await busybox.start('after');
  await host.kill('after');
  await host.killProcesses(host.managerPid());
  await eventually(
    'the fork server goes with its manager',
    () => host.forkServerPid() === undefined,
    seconds(5),
  );
  await eventually('the keeper goes after ten seconds', () => host.processes().length === 0, seconds(20));
  await delay(100);
});
