/** lxc.start.restart: what brings a container back, and what does not; what --why says of each end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';
import { delay, eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
covers('lxc.start.restart');

/** Does what it finds in /do, once, and counts its runs. */
const INIT = `#!/bin/sh
echo run >> /runs
trap 'exit 0' USR1
while :; do
  mv /do /doing 2>/dev/null && case $(cat /doing) in
    exit*) exit $(tr -d a-z </doing) ;;
    off) poweroff -f ;;
    reboot) reboot -f ;;
    oom) exec tail /dev/zero ;;
  esac
  sleep 0.05
done
`;

const LIMIT = 'lxc.cgroup2.memory.max = 24M\nlxc.cgroup2.memory.swap.max = 0';

const runs = (name: string) =>
  existsSync(`${host.rootfs(name)}/runs`)
    ? readFileSync(`${host.rootfs(name)}/runs`, 'utf8').split('\n').length - 1
    : 0;
const tell = (name: string, what: string) => {
  writeFileSync(`${host.rootfs(name)}/do.new`, what);
  renameSync(`${host.rootfs(name)}/do.new`, `${host.rootfs(name)}/do`);
};
const why = (name: string) => host.ok('info', ['-n', `@${name}`, '--why']);

async function make(name: string, policy: string): Promise<void> {
  await busybox.make(name, `lxc.init.cmd = /work\n${LIMIT}\nlxc.start.restart = ${policy}`);
  writeFileSync(`${host.rootfs(name)}/work`, INIT, { mode: 0o755 });
}

async function start(name: string): Promise<void> {
  rmSync(`${host.rootfs(name)}/runs`, { force: true });
  await host.ok('start', ['-n', `@${name}`]);
  await eventually('it runs', () => runs(name) > 0);
}

type End = () => Promise<unknown> | unknown;

async function comesBack(name: string, end: End, how: string): Promise<void> {
  const before = runs(name);
  await end();
  await eventually(`it comes back after ${how}`, () => runs(name) > before);
}

async function staysAway(name: string, end: End, how: string): Promise<void> {
  const before = runs(name);
  await end();
  await eventually(`it ends by ${how}`, async () => (await host.state(name)) === 'STOPPED');
  // Longer than the first pauses.
  await delay(1500);
  assert.equal(runs(name), before, how);
}

const kill = async (name: string) => process.kill(await host.initPid(name), 'SIGKILL');

test('on-failure: an exit code, a signal, a lack of memory; not an exit in good order', {
  skip,
}, async () => {
  await make('fail', 'on-failure');
  await start('fail');
  await comesBack('fail', () => tell('fail', 'exit3'), 'exit code 3');
  assert.match(await why('fail'), /init ended with exit code 3/);
  await comesBack('fail', () => kill('fail'), 'SIGKILL');
  assert.match(await why('fail'), /init was killed by SIGKILL \(signal 9\)/);
  await comesBack('fail', () => tell('fail', 'oom'), 'out of memory');
  assert.match(await why('fail'), /the kernel killed init because memory ran out/);
  await staysAway('fail', () => tell('fail', 'exit0'), 'exit code 0');
  assert.match(await why('fail'), /init ended with exit code 0/);
  assert.equal(await host.state('fail'), 'STOPPED');
});

test("on-failure: a reboot starts again, a power-off and an operator's stop do not", { skip }, async () => {
  await start('fail');
  await comesBack('fail', () => tell('fail', 'reboot'), 'a reboot');
  assert.match(await why('fail'), /a reboot from inside/);
  await staysAway('fail', () => tell('fail', 'off'), 'a power-off');
  assert.match(await why('fail'), /a power-off from inside/);
  await start('fail');
  await staysAway('fail', () => host.kill('fail'), 'a kill by the operator');
  assert.match(await why('fail'), /a kill asked for by user 0/);
});

test('always: also after exit code 0 and a power-off, not after tslxc-stop', { skip }, async () => {
  await make('ever', 'always');
  await start('ever');
  await comesBack('ever', () => tell('ever', 'exit0'), 'exit code 0');
  await comesBack('ever', () => tell('ever', 'off'), 'power-off');
  await staysAway('ever', () => host.ok('stop', ['-n', '@ever']), 'a shutdown');
  assert.match(await why('ever'), /a shutdown asked for by user 0/);
});

test('no, which is the default', { skip }, async () => {
  await make('never', 'no');
  await start('never');
  await staysAway('never', () => tell('never', 'exit3'), 'exit code 3');
});

test('a limit, and longer and longer pauses', { skip }, async () => {
  await make('twice', 'on-failure:2');
  writeFileSync(`${host.rootfs('twice')}/work`, '#!/bin/sh\necho run >> /runs\nexit 4\n', { mode: 0o755 });
  const begin = Date.now();
  await start('twice');
  await eventually('three runs', () => runs('twice') === 3);
  assert.ok(Date.now() - begin > 750, 'after 0.25 and 0.5 seconds');
  await delay(1200);
  assert.equal(runs('twice'), 3);
  // A start by hand counts anew.
  await start('twice');
  await eventually('three runs again', () => runs('twice') === 3);
});

test('a stop calls a restart off that waits for its time', { skip }, async () => {
  await make('off', 'on-failure');
  writeFileSync(`${host.rootfs('off')}/work`, '#!/bin/sh\necho run >> /runs\nexit 4\n', { mode: 0o755 });
  await start('off');
  // The pauses become longer and longer: long enough to be seen, on any machine.
  await eventually('a pause', async () => /Restart: +in \d/.test(await why('off')));
  // It may begin or end in that very moment.
  await eventually('called off', async () => (await host.tslxc('stop', ['-n', '@off'])).code === 0);
  const count = runs('off');
  await delay(2500);
  assert.equal(runs('off'), count);
});

test('whether the manager is killed before the end or in the pause behind it', { skip }, async () => {
  await start('fail');
  await host.killProcesses(host.managerPid());
  await comesBack('fail', () => tell('fail', 'exit5'), 'the end of it is noticed');
  for (let round = 0; round < 2; round++) await comesBack('fail', () => tell('fail', 'exit6'), 'exit code 6');
  const before = runs('fail');
  // It looks before there is something to see: the pause may be short for a slow machine.
  const stopped = host.ok('wait', ['-n', '@fail', '-s', 'STOPPED', '-t', `${seconds(30) / 1000}`]);
  await delay(seconds(1));
  tell('fail', 'exit7');
  await stopped;
  await host.killProcesses(host.managerPid());
  // Any command that needs a manager starts one, which goes on where the last one was.
  await host.tslxc('freeze', ['-n', '@fail']);
  await eventually('it is back', () => runs('fail') > before);
  await host.kill('fail');
});

test('an init that reboots at once neither wedges its container nor spins', { skip }, async () => {
  await busybox.make('wedge');
  const loops = () =>
    host.ok('start', ['-n', '@wedge', '--', '/bin/sh', '-c', 'echo run >> /runs; reboot -f']);
  await loops();
  await eventually('it waits between reboots', async () => /Restart: +in \d/.test(await why('wedge')));
  assert.match(await host.ok('logs', ['-n', '@wedge']), /has rebooted 4 times in a row within a second/);
  await host.killProcesses(host.managerPid());
  await host.tslxc('freeze', ['-n', '@wedge']);
  await host.ok('stop', ['-n', '@wedge', '-k'], { timeout: seconds(20) });
  const count = runs('wedge');
  await delay(1500);
  assert.equal(runs('wedge'), count, 'the stop has called the loop off');
  assert.ok(count < 12, `${count} runs in some seconds`);
  await host.ok('start', ['-n', '@wedge']);
  await host.kill('wedge');
  await host.ok('destroy', ['-n', '@wedge']);
});

test('a stop that had to kill says so; a signal that does not end init is followed by SIGKILL', {
  skip,
}, async () => {
  await busybox.make('deaf', 'lxc.signal.stop = SIGUSR2');
  const init = 'trap : PWR INT USR1 USR2; while :; do sleep 1; done';
  const start = () => host.ok('start', ['-n', '@deaf', '--', '/bin/sh', '-c', init]);
  for (const [args, what] of [
    [['-t', '1'], 'SIGUSR1 in 1 second'],
    [['-k'], 'SIGUSR2 in 5 seconds'],
  ] as const) {
    await start();
    const { code, stderr } = await host.tslxc('stop', ['-n', '@deaf', ...args]);
    assert.equal(code, 0);
    assert.ok(stderr.includes(`init did not answer ${what} and was killed`), stderr);
    assert.ok((await why('deaf')).includes(`${what} and was killed`));
    assert.ok((await host.ok('logs', ['-n', '@deaf'])).includes(`${what} and was killed`));
  }
  await start();
  const both = await Promise.all([1, 2].map(() => host.tslxc('stop', ['-n', '@deaf', '-k'])));
  assert.ok(
    both.every(({ code }) => code === 0 || code === 2),
    JSON.stringify(both),
  );
});

test('a reboot keeps drawn names; stop -r fails where the container does not come back', {
  skip,
}, async () => {
  const { name: bridge } = await host.bridge();
  const nic = `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx`;
  await busybox.start('bridged', nic);
  const names = async () => [
    await host.inside('bridged', 'cat /sys/class/net/eth0/address'),
    /veth\w+/.exec(await host.ok('info', ['-n', '@bridged']))?.[0],
  ];
  const before = await names();
  assert.match(before[0]!, /^00:16:3e:/);
  assert.ok(before[1]);
  await host.ok('stop', ['-n', '@bridged', '-r', '-t', '20']);
  assert.deepEqual(await names(), before);
  await run('ip', ['link', 'del', bridge]);
  const { code, stderr } = await host.tslxc('stop', ['-n', '@bridged', '-r', '-t', '20']);
  assert.equal(code, 1);
  assert.match(stderr, /bridge/);
  assert.equal(await host.state('bridged'), 'STOPPED');
});

test('a foreground start that is told to end returns after the post-stop hook', { skip }, async () => {
  const mark = `${host.root}/post-stop`;
  await busybox.make('front', `lxc.hook.post-stop = /bin/sh -c 'sleep 1; echo done >${mark}'`);
  const args = ['-P', host.lxcpath, '-n', host.name('front'), '-F'];
  const client = spawn(`${BIN}/tslxc-start`, args, { env: { ...process.env, ...host.env }, stdio: 'ignore' });
  await eventually('it runs', async () => (await host.state('front')) === 'RUNNING');
  const ended = once(client, 'exit');
  client.kill('SIGTERM');
  await ended;
  assert.equal(readFileSync(mark, 'utf8'), 'done\n');
});
