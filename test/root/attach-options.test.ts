/** Options of tslxc-attach, and what becomes of a program when its client goes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Container } from '../../src/api/container.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { descriptorsOf, isAlive, processesIn, statusField } from './harness/leftovers.ts';
import { BIN } from './harness/run-command.ts';
import { delay, eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const attach = async (...args: string[]) => (await host.ok('attach', ['-n', '@at', ...args])).trim();
const sh = (script: string) => ['--', '/bin/sh', '-c', script];

before(async () => {
  if (!skip) await busybox.start('at', 'lxc.environment = FROM=config\nlxc.init.groups = 7,8');
});

test('-a: the architecture that the program sees', { skip: skip || process.arch !== 'x64' }, async () => {
  assert.equal(await attach('--', 'uname', '-m'), 'x86_64');
  assert.equal(await attach('-a', 'i686', '--', 'uname', '-m'), 'i686');
  const { code, stderr } = await host.tslxc('attach', ['-n', '@at', '-a', 'z80', '--', 'true']);
  assert.deepEqual([code, /'z80' is not an architecture/.test(stderr)], [1, true]);
});

test('-f: environment settings of another file', { skip }, async () => {
  const file = join(host.root, 'env.conf');
  writeFileSync(file, 'lxc.environment = OTHER=file\n');
  const script = sh('echo "$FROM,$OTHER,$container"');
  assert.equal(await attach(...script), 'config,,lxc');
  assert.equal(await attach('-f', file, ...script), ',file,lxc');
  const { code } = await host.tslxc('attach', ['-n', '@at', '-f', '/no/such', '--', 'true']);
  assert.equal(code, 1);
});

test('-c on a host without SELinux, and together with -e LSM, is an error', { skip }, async () => {
  const context = await host.tslxc('attach', ['-n', '@at', '-c', 'some_t', '--', 'true']);
  assert.equal(context.code, 1);
  assert.match(context.stderr, /some_t cannot be set: this host has no SELinux/);
  const both = await host.tslxc('attach', ['-n', '@at', '-eLSM', '-c', 'some_t', '--', 'true']);
  assert.equal(both.code, 1);
  assert.match(both.stderr, /'-e LSM' can't be used with '-c'/);
});

test('-e: capabilities, cgroup; a word that is none', { skip }, async () => {
  const bound = (...args: string[]) => attach(...args, '--', 'grep', 'CapBnd', '/proc/self/status');
  const all = `CapBnd:\t${statusField(1, 'CapBnd')}`;
  assert.notEqual(await bound(), all);
  assert.equal(await bound('-eCAP'), all);
  assert.equal(await bound('-e'), all);
  // The memory controller's, or the only one there is.
  const cgroup = (...args: string[]) =>
    attach(...args, ...sh('grep -E "memory|^0::" /proc/self/cgroup | head -n 1'));
  assert.match(await cgroup(), /:\/(\.tslxc)?$/);
  assert.match(await cgroup('-eCGROUP'), /\.\.\//);
  const bad = await host.tslxc('attach', ['-n', '@at', '-eROOT', '--', 'true']);
  assert.equal(bad.code, 1);
});

test('-R: /proc and /sys of the joined namespaces, in a mount namespace of its own', { skip }, async () => {
  const show = (...args: string[]) =>
    attach('-s', 'PID|NETWORK', ...args, ...sh('ls /sys/class/net; ls -d /proc/1'));
  assert.notEqual(await show(), 'lo\n/proc/1');
  assert.equal(await show('-R'), 'lo\n/proc/1');
  assert.ok(readFileSync('/proc/self/mountinfo', 'utf8').includes(' /proc '));
});

test('ids: the user that is asked for, no supplementary groups', { skip }, async () => {
  assert.equal(await attach(...sh('id -u; id -G')), '0\n0');
  assert.equal(await attach('-u', '1000', ...sh('id -u; id -g; id -G')), '1000\n0\n0');
  assert.match(await attach('-u', '1000', '--', 'grep', 'CapEff', '/proc/self/status'), /0000000000000000/);
});

test('the login shell: passwd, then getent inside, then /bin/sh', { skip }, async () => {
  const rootfs = host.rootfs('at');
  const shell = (...args: string[]) => host.ok('attach', ['-n', '@at', ...args], { input: 'echo $0 $WHO\n' });
  writeFileSync(join(rootfs, 'bin/other'), '#!/bin/sh\nWHO=other exec /bin/sh\n', { mode: 0o755 });
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/:/bin/other\n');
  assert.equal(await shell(), '/bin/sh\n');
  assert.equal(await shell('-u', '1000'), '/bin/sh other\n');
  assert.equal(await shell('-u', '1001'), '/bin/sh\n');
  writeFileSync(
    join(rootfs, 'usr/bin/getent'),
    '#!/bin/sh\n[ "$1 $2" = "passwd 1001" ] && echo "v:x:1001:1001::/:/bin/other"\n',
    { mode: 0o755 },
  );
  assert.equal(await shell('-u', '1001'), '/bin/sh other\n');
  assert.equal(await shell('-u', '1002'), '/bin/sh\n');
  // Something of the guest's that would not end.
  await host.inside('at', 'mv /etc/passwd /etc/passwd.old; mkfifo /etc/passwd');
  assert.equal(await shell('-u', '1001'), '/bin/sh other\n');
  await host.inside('at', 'mv /etc/passwd.old /etc/passwd');
});

test('the program has no descriptor of tslxc, and its signals are as usual', { skip }, async () => {
  const fds = await attach('--', 'ls', '/proc/self/fd');
  assert.equal(fds, '0\n1\n2\n3', '3 is that of ls');
  const signals = await attach('--', 'grep', '-E', 'Sig(Blk|Ign|Cgt)', '/proc/self/status');
  assert.equal(signals.match(/0{16}/g)?.length, 3, signals);
  assert.equal(await attach(...sh('ulimit -Sn')), '1024');
});

/** A client whose program sleeps inside; `pid` is the host's number of that. */
async function sleeper(seconds: number, options: { terminal: boolean }) {
  const args = ['-P', host.lxcpath, '-n', host.name('at'), '--', 'sleep', String(seconds)];
  const nothing = openSync('/dev/null', 'r+');
  const client = options.terminal
    ? host.terminal('attach', ['-n', '@at', '--', 'sleep', String(seconds)]).child
    : spawn(join(BIN, 'tslxc-attach'), args, {
        stdio: [nothing, nothing, nothing],
        env: { ...process.env, ...host.env },
      });
  const look = () => processesIn(host.mark).find(({ title }) => title === `sleep ${seconds}`)?.pid;
  const pid = await eventually('the program runs', look);
  return { client, pid };
}

test('a client without a terminal is killed: the program goes on, as LXC’s does', { skip }, async () => {
  const { client, pid } = await sleeper(3001, { terminal: false });
  client.kill('SIGKILL');
  await delay(500);
  assert.ok(isAlive(pid));
  process.kill(pid, 'SIGKILL');
});

test('a client with a terminal is killed: its terminal is gone, and the program with it', {
  skip,
}, async () => {
  const { client, pid } = await sleeper(3002, { terminal: true });
  // The terminal's child is setsid: the client is below it.
  const { allProcesses } = await import('./harness/leftovers.ts');
  const own = allProcesses().find(({ parent }) => parent === client.pid)?.pid ?? client.pid!;
  process.kill(own, 'SIGKILL');
  await eventually('it ends', () => !isAlive(pid));
});

test('signals to a client without a terminal are for the program', { skip }, async () => {
  const { client, pid } = await sleeper(3003, { terminal: false });
  const ended = new Promise((done) => client.once('exit', done));
  client.kill('SIGTERM');
  assert.equal(await ended, 143);
  assert.ok(!isAlive(pid));
});

test('a container with an id map, and one whose map has no root', { skip }, async () => {
  const map = (first: number) =>
    ['u', 'g'].map((type) => `lxc.idmap = ${type} ${first} ${200000 + first} 1000`).join('\n');
  await busybox.start('mapped', map(0));
  const id = (name: string, ...args: string[]) =>
    host.tslxc('attach', ['-n', `@${name}`, ...args, '--', 'sh', '-c', 'id -u; id -g; id -G']);
  assert.equal((await id('mapped')).stdout, '0\n0\n0\n');
  assert.equal((await id('mapped', '-u', '33', '-g', '34')).stdout, '33\n34\n34\n');
  const beyond = await id('mapped', '-u', '1000');
  assert.equal(beyond.code, 1);
  assert.match(beyond.stderr, /user 1000 is not in the id map/);
  await busybox.make('rootless', `${map(1000)}\nlxc.init.uid = 1001\nlxc.init.gid = 1002`);
  await host.ok('start', ['-n', '@rootless', '--', '/bin/sleep', '1000']);
  assert.equal((await id('rootless')).stdout, '1001\n1002\n1002\n');
  assert.equal((await id('rootless', '-u', '1005', '-g', '1006')).stdout, '1005\n1006\n1006\n');
  assert.equal((await id('rootless', '-u', '0')).code, 1);
});

/** `TSLXC_TEST_ATTACHES=1000` for the whole trial. */
const ATTACHES = Number(process.env.TSLXC_TEST_ATTACHES ?? 200);

test('many programs, twenty at a time, leave nothing behind', { skip }, async () => {
  process.env.TSLXC_RUNDIR = host.rundir;
  const container = new Container(host.name('at'), host.lxcpath);
  const stream = { isTTY: false };
  const once = () =>
    container.attach({
      command: ['/bin/true'],
      stdin: stream as NodeJS.ReadStream,
      stdout: stream as NodeJS.WriteStream,
      stderr: stream as NodeJS.WriteStream,
    });
  const ours = () => [host.managerPid()!, host.keeperPid()!, host.forkServerPid()!];
  await once();
  await delay(500);
  const held = () => ours().map((pid) => descriptorsOf(pid).size);
  const [before, processes] = [held(), host.processes().length];
  for (let batch = 0; batch < ATTACHES / 20; batch++) {
    const statuses = await Promise.all(Array.from({ length: 20 }, once));
    assert.ok(statuses.every(({ code }) => code === 0));
  }
  await eventually('all is as before', () => {
    const now = held();
    return now.every((count, i) => count <= before[i]!) && host.processes().length <= processes;
  });
});
