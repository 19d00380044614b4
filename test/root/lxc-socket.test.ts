/** The real LXC and its library, on containers that tslxc runs with lxc.compat.socket. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';

covers('lxc.compat.socket');

const host = new ContainerHost();
const busybox = new Busybox(host);

/** A command of Debian's LXC. */
async function lxc(command: string, short: string, ...args: string[]) {
  return await run(`lxc-${command}`, ['-P', host.lxcpath, '-n', host.name(short), ...args]);
}
const ok = async (command: string, short: string, ...args: string[]) => {
  const { code, stdout, stderr } = await lxc(command, short, ...args);
  assert.equal(code, 0, `lxc-${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
};

/**
 * Runs a tslxc command in a mount namespace where the system file has this text; the manager that it starts stays
 * there. LXC reads configs too, so these include no file of a package that is not installed.
 */
async function withSystemFile(text: string, ...command: string[]): Promise<void> {
  const etc = join(host.root, 'etc');
  mkdirSync(join(etc, 'tslxc'), { recursive: true });
  writeFileSync(join(etc, 'tslxc/tslxc.conf'), text);
  const script = `mount -t overlay -o ro,lowerdir=${etc}:/etc etc /etc && exec "$@"`;
  const env = { ...host.env, TSLXC_POOL: '0' };
  const { code, stderr } = await run('unshare', ['-m', 'sh', '-c', script, 'sh', ...command], { env });
  assert.equal(code, 0, stderr);
}

const on = (short: string) => ['-P', host.lxcpath, '-n', host.name(short)];
const start = (short: string) => [`${BIN}/tslxc-start`, ...on(short)];

before(async () => {
  if (skip) return;
  for (const name of ['seen', 'unseen']) {
    await busybox.make(name, 'lxc.net.0.type = empty\nlxc.cgroup2.memory.max = 64M\n');
    const config = readFileSync(host.config(name), 'utf8').replace(/^lxc\.include.*\n/gm, '');
    writeFileSync(host.config(name), config);
  }
  await host.endManager();
  await withSystemFile('lxc.compat.socket = 1\n', ...start('seen'));
  writeFileSync(join(host.root, 'etc/tslxc/tslxc.conf'), 'lxc.compat.socket = 0\n');
  await host.ok('start', ['-n', '@unseen']);
  writeFileSync(join(host.root, 'etc/tslxc/tslxc.conf'), 'lxc.compat.socket = 1\n');
});

test('lxc-info shows state, pid, memory and config items; nothing without the key', { skip }, async () => {
  assert.equal((await ok('info', 'seen', '-sH')).trim(), 'RUNNING');
  assert.equal(
    (await ok('info', 'seen', '-pH')).trim(),
    (await host.ok('info', ['-n', '@seen', '-pH'])).trim(),
  );
  assert.match(await ok('info', 'seen', '-S'), /Memory use:\s+\d/);
  assert.match(await ok('info', 'seen', '-c', 'lxc.tty.max'), /^lxc\.tty\.max = \d+$/m);
  assert.equal((await ok('info', 'unseen', '-sH')).trim(), 'STOPPED');
});

test('lxc-attach runs a program inside', { skip }, async () => {
  const { code, stdout } = await lxc('attach', 'seen', '--', 'hostname');
  assert.deepEqual([code, stdout.trim()], [0, 'seen']);
});

test('python3-lxc sees the state, pid and addresses, and attaches', { skip }, async () => {
  const script = `import lxc
c = lxc.Container("${host.name('seen')}", "${host.lxcpath}")
print(c.defined, c.state, c.init_pid, c.running)
print(c.attach_wait(lxc.attach_run_command, ["hostname"]))`;
  const { stdout, stderr } = await run('/usr/bin/python3', ['-c', script]);
  const pid = (await host.ok('info', ['-n', '@seen', '-pH'])).trim();
  const lines = stdout.trim().split('\n').sort();
  assert.deepEqual(lines, ['0', `True RUNNING ${pid} True`, 'seen'], stderr);
});

test('lxc-cgroup, lxc-freeze and lxc-unfreeze act on the container', { skip }, async () => {
  const file = 'memory.limit_in_bytes';
  const memory = await lxc('cgroup', 'seen', file);
  if (memory.code === 0) assert.equal(memory.stdout.trim(), String(64 * 1024 * 1024));
  await ok('freeze', 'seen');
  assert.match(await host.ok('info', ['-n', '@seen', '-s']), /FROZEN/);
  await ok('unfreeze', 'seen');
  assert.match(await host.ok('info', ['-n', '@seen', '-s']), /RUNNING/);
});

test('lxc-wait is told of the end, and lxc-stop brings it about', { skip }, async () => {
  const wait = lxc('wait', 'seen', '-s', 'STOPPED', '-t', '30');
  await ok('stop', 'seen', '-t', '20');
  assert.equal((await wait).code, 0);
  assert.match(await host.ok('info', ['-n', '@seen', '-s']), /STOPPED/);
});

test('lxc-stop -k kills; the socket is there again after a start and after the manager died', {
  skip,
}, async () => {
  await withSystemFile('lxc.compat.socket = 1\n', ...start('seen'));
  await host.killProcesses(host.managerPid());
  await withSystemFile('lxc.compat.socket = 1\n', `${BIN}/tslxc-attach`, ...on('unseen'), '--', '/bin/true');
  assert.equal((await ok('info', 'seen', '-sH')).trim(), 'RUNNING');
  await ok('stop', 'seen', '-k');
  assert.match(await host.ok('info', ['-n', '@seen', '-s']), /STOPPED/);
});

test('a process in a container is not answered', { skip }, async () => {
  await host.ok('start', ['-n', '@seen']);
  const name = `\\0${host.lxcpath}/${host.name('seen')}/command`;
  const client = `import socket; s = socket.socket(socket.AF_UNIX); s.connect(b"${name}"); s.send(bytes([3] + [0] * 15)); print(len(s.recv(16)))`;
  assert.equal((await run('python3', ['-c', client])).stdout.trim(), '16');
  const inside = await run('unshare', ['-pf', 'python3', '-c', client]);
  assert.match(`${inside.stdout.trim()}${inside.stderr}`, /^0$|ConnectionReset|BrokenPipe/);
});
