/** tslxc-unshare and tslxc-usernsexec: namespaces without a container. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isRoot, skip } from './harness/container-host.ts';
import { interfaces, isAlive } from './harness/leftovers.ts';
import { Terminal } from './harness/pty.ts';
import { BIN, type RunOptions, run, sh } from './harness/run-command.ts';
import { delay, eventually } from './harness/slow.ts';

const unshare = (args: string[], options?: RunOptions) => run(join(BIN, 'tslxc-unshare'), args, options);
const usernsexec = (args: string[], options?: RunOptions) =>
  run(join(BIN, 'tslxc-usernsexec'), args, options);
const veth = `u${process.pid.toString(36)}`;
const folder = `/var/tmp/tslxc-test-unshare-${process.pid}`;

if (isRoot)
  after(async () => {
    if (interfaces().includes(veth)) await sh(`ip link del ${veth}`);
    await sh(`rm -rf ${folder}`);
  });

test('unshare: the new namespaces are new, and no others', { skip }, async () => {
  const { stdout } = await unshare(['-s', 'MOUNT|UTSNAME', '--', 'sh', '-c', 'readlink /proc/self/ns/*']);
  const own = (name: string) => readlinkSync(`/proc/self/ns/${name}`);
  const lines = stdout.trim().split('\n');
  for (const name of ['net', 'ipc', 'pid', 'user', 'cgroup']) assert.ok(lines.includes(own(name)), name);
  for (const name of ['mnt', 'uts']) assert.ok(!lines.includes(own(name)), name);
});

for (const [name, ...args] of [
  ['unshare', '-s', 'UTSNAME'],
  ['usernsexec', '-m', 'b:0:100000:65536'],
] as const)
  test(`${name}: descriptors of the caller reach the program, ours do not`, { skip }, async () => {
    const list = 'ls -l /proc/self/fd';
    const command = [join(BIN, `tslxc-${name}`), ...args, '--', '/bin/sh', '-c', list];
    const run = command.map((word) => `'${word}'`).join(' ');
    // But for 0 to 2, which sh(…) makes anew each time, and the directory that ls reads.
    const shown = (text: string) =>
      [...text.matchAll(/ (\d+) -> (.*)/g)]
        .filter(([, fd, target]) => Number(fd) > 2 && !target!.startsWith('/proc/'))
        .map(([, fd, target]) => `${fd} ${target}`)
        .sort();
    assert.deepEqual(
      shown(await sh(`exec 5</etc/hostname 9</etc 3</dev/null; ${run}`)),
      shown(await sh(`exec 5</etc/hostname 9</etc 3</dev/null; ${list}`)),
    );
  });

test('unshare: host name, process 1, fresh /proc; the host keeps its own', { skip }, async () => {
  const before = await sh('hostname');
  const { stdout, code } = await unshare([
    '-s',
    'MOUNT|PID|UTSNAME|IPC',
    '-M',
    '-H',
    'elsewhere',
    '--',
    'sh',
    '-c',
    'hostname; echo $$; ls -d /proc/[0-9]* | head -1; grep -c " /dev/shm " /proc/self/mounts',
  ]);
  assert.equal(code, 0);
  assert.deepEqual(stdout.trim().split('\n').slice(0, 3), ['elsewhere', '1', '/proc/1']);
  assert.equal(await sh('hostname'), before);
});

test('unshare: users, with and without a namespace of theirs', { skip }, async () => {
  assert.match((await unshare(['-s', 'USER', '--', 'id', '-u'])).stdout, /^0\n/);
  assert.match((await unshare(['-s', 'USER', '-u', '7', '--', 'id', '-u'])).stdout, /^7\n/);
  const nobody = await unshare(['-s', 'MOUNT', '-u', 'nobody', '--', 'sh', '-c', 'id -un; id -G']);
  assert.equal(nobody.stdout, 'nobody\n65534\n');
  assert.match((await unshare(['-s', 'MOUNT', '-u', 'nemo', '--', 'true'])).stderr, /no user 'nemo'/);
});

test('unshare: an interface moves in, and back to its end with the namespace', { skip }, async () => {
  await sh(`ip link add ${veth} type veth peer name ${veth}p`);
  const { stdout, code } = await unshare(['-s', 'NETWORK', '-i', veth, '--', 'ip', '-o', 'link']);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`: ${veth}@`));
  const missing = await unshare(['-s', 'NETWORK', '-i', 'nonesuch0', '--', 'true']);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /nonesuch0/);
});

test('unshare -d returns at once', { skip }, async () => {
  const file = join(folder, 'pid');
  mkdirSync(folder, { recursive: true });
  const { code } = await unshare([
    '-d',
    '-s',
    'UTSNAME',
    '--',
    'sh',
    '-c',
    `echo $$ >${file}; exec sleep 60 >/dev/null 2>&1`,
  ]);
  assert.equal(code, 0);
  await eventually('it runs', () => existsSync(file) && statSync(file).size > 0);
  const pid = Number(await sh(`cat ${file}`));
  assert.ok(isAlive(pid));
  process.kill(pid, 'SIGKILL');
});

test('unshare: a signal to the command reaches the program, also as process 1', { skip }, async () => {
  const script = 'trap "echo caught; exit 0" TERM; echo ready; while :; do sleep 0.1; done';
  for (const list of ['UTSNAME', 'PID']) {
    const terminal = new Terminal(join(BIN, 'tslxc-unshare'), ['-s', list, '--', 'sh', '-c', script]);
    await terminal.until('ready');
    const [own] = (await sh(`pgrep -f 'cli.cjs unshare -s ${list} -- sh' | head -1`)).trim().split('\n');
    process.kill(Number(own), 'SIGTERM');
    await terminal.until('caught');
    assert.deepEqual(await terminal.ended, { code: 0, signal: null });
  }
});

test('unshare: Ctrl-C is for the program', { skip }, async () => {
  const terminal = new Terminal(join(BIN, 'tslxc-unshare'), [
    '-s',
    'UTSNAME',
    '--',
    'sh',
    '-c',
    'trap "echo got it" INT; echo ready; sleep 2; sleep 0.1; exit 0',
  ]);
  await terminal.until('ready');
  await delay(200);
  terminal.write('\x03');
  await terminal.until('got it');
  assert.deepEqual(await terminal.ended, { code: 0, signal: null });
});

test('usernsexec: maps, ids, exit codes, and the files of mapped owners', { skip }, async () => {
  const map = ['-m', 'b:0:100000:1000'];
  const shown = await usernsexec([
    ...map,
    '--',
    'sh',
    '-c',
    'cat /proc/self/uid_map /proc/self/gid_map; exit 6',
  ]);
  assert.equal(shown.code, 6);
  assert.deepEqual(shown.stdout.trim().split(/\s+/), ['0', '100000', '1000', '0', '100000', '1000']);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'mapped'), '');
  await sh(`chown 100005:100006 ${folder}/mapped; chown 100000 ${folder}`);
  const owner = await usernsexec([...map, '--', 'stat', '-c', '%u:%g', join(folder, 'mapped')]);
  assert.equal(owner.stdout, '5:6\n');
  assert.equal((await usernsexec([...map, '--', 'rm', join(folder, 'mapped')])).code, 0);
  assert.equal((await usernsexec([...map, '-u', '5', '-g', '6', '--', 'id', '-u'])).stdout, '5\n');
  const self = await usernsexec([...map, '-s', '--', 'cat', '/proc/self/uid_map']);
  assert.match(self.stdout, /^\s+1000\s+0\s+1$/m);
  assert.equal((await usernsexec([...map, '--', '/no/such'])).code, 127);
  assert.equal((await usernsexec([...map, '--', '/etc/passwd'])).code, 126);
  assert.equal((await usernsexec([...map, '--', 'sh', '-c', 'kill -9 $$'])).code, 137);
  assert.equal((await usernsexec(map, { input: 'id -u\n' })).stdout, '0\n');
});

test('usernsexec: descriptors and limits are as they were', { skip }, async () => {
  const { stdout } = await usernsexec([
    '-m',
    'b:0:0:1',
    '--',
    'sh',
    '-c',
    'ls /proc/self/fd | wc -l; ulimit -Sn',
  ]);
  // As many as a shell that the test starts itself: 0 to 2, and the one of ls.
  const own = (await sh('ls /proc/self/fd | wc -l')).trim();
  assert.deepEqual(stdout.trim().split('\n'), [own, '1024']);
});

test('usernsexec: wrong maps are one error each', { skip }, async () => {
  for (const [args, message] of [
    [['-m', 'u:0:bad'], /'u:0:bad' is not a map/],
    [['-m', 'b:5:100000:1000'], /the map has no user 0/],
    [['-m', 'u:0:100000:10'], /the map has no group 0/],
    [['-m', 'b:0:100000:10', '-m', 'b:5:200000:10'], /the kernel refused the id map/],
    [['-m', 'b:0:100000:10', '-u', '10'], /no user 10/],
  ] as const) {
    const { code, stderr } = await usernsexec([...args, '--', 'true']);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, message);
  }
});

test('an ordinary user maps itself, and needs newuidmap for more', { skip }, async () => {
  const asNobody = (line: string) =>
    run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-c', line]);
  const own = await asNobody(`${BIN}/tslxc-usernsexec -m b:0:65534:1 -- id -u`);
  assert.equal(own.stdout, '0\n', own.stderr);
  const more = await asNobody(`${BIN}/tslxc-usernsexec -m b:0:100000:10 -- id`);
  assert.equal(more.code, 1);
  assert.match(more.stderr, /newuidmap (is not installed|refused the id map)|not given to user/);
  assert.equal((await asNobody(`${BIN}/tslxc-unshare -s 'USER|NETWORK' -- id -u`)).stdout, '0\n');
});
