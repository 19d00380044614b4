/** The two articles that this tool answers to: restrict a container; hostile neighbours. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { allProcesses, processesIn } from './harness/leftovers.ts';
import { run, sh } from './harness/run-command.ts';
import { delay, eventually, SLOW, seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const MEBIBYTE = 1024 * 1024;

/** As the article does it: `echo LINE >> config`. */
const echo = (short: string, ...lines: string[]) => {
  for (const line of lines) appendFileSync(host.config(short), `${line}\n`);
};

/** Processes of the host that must not be hurt. */
const bystanders = () =>
  new Set(
    allProcesses()
      .filter(({ title }) => /^(\/sbin\/init|systemd|sshd|\/usr\/)/.test(title))
      .map(({ pid }) => pid),
  );

test('one CPU', { skip: skip || (availableParallelism() < 2 && 'needs two CPUs') }, async () => {
  await busybox.make('cpu');
  echo('cpu', 'lxc.cgroup.cpuset.cpus = 1');
  await host.ok('start', ['-n', '@cpu']);
  assert.match(
    await host.inside('cpu', 'grep Cpus_allowed_list /proc/self/status'),
    /^Cpus_allowed_list:\s+1$/,
  );
  assert.match(await host.inside('cpu', 'grep Cpus_allowed_list /proc/1/status'), /\s1$/);
  // It cannot give itself more.
  assert.match(
    await host.inside('cpu', 'taskset -p 3 $$ >/dev/null 2>&1; grep Cpus_allowed_list /proc/self/status'),
    /\s1$/,
  );
});

test('2 GB of memory, as the article writes it', { skip }, async () => {
  await busybox.make('gigabytes');
  echo('gigabytes', 'lxc.cgroup.memory.limit_in_bytes = 2000000000');
  const { code, stderr } = await host.tslxc('start', ['-n', '@gigabytes']);
  assert.equal(code, 0, stderr);
  // The kernel counts in pages: the article's number is not a multiple of one.
  assert.match(stderr, /^$|1999998976/);
  const limit = await sh(
    `cat $(find /sys/fs/cgroup -path '*${host.name('gigabytes')}/memory.limit_in_bytes' -o -path '*${host.name('gigabytes')}/memory.max' | head -1)`,
  );
  assert.equal(limit.trim(), '1999998976');
});

test('writing more than the limit to /dev/shm: the container is hit, the host is not, and tslxc-info tells', {
  skip,
}, async () => {
  await busybox.make('memory');
  echo('memory', `lxc.cgroup.memory.limit_in_bytes = ${64 * MEBIBYTE}`);
  await host.ok('start', ['-n', '@memory']);
  const before = bystanders();
  assert.ok(!(await host.ok('info', ['-n', '@memory'])).includes('OOM'));
  const dd = await host.tslxc('attach', [
    '-n',
    '@memory',
    '--',
    'dd',
    'if=/dev/zero',
    'of=/dev/shm/fill',
    'bs=1M',
    'count=96',
  ]);
  assert.notEqual(dd.code, 0, `dd should have been killed: ${dd.stderr}`);
  const size = Number(await host.inside('memory', 'stat -c %s /dev/shm/fill').catch(() => '0'));
  assert.ok(size <= 64 * MEBIBYTE);
  await eventually('info tells of the OOM', async () =>
    /^OOM kills: +[1-9]/m.test(await host.ok('info', ['-n', '@memory'])),
  );
  for (const pid of before)
    assert.ok(
      allProcesses().some((process) => process.pid === pid),
      `${pid} of the host is gone`,
    );
  assert.equal(await host.state('memory'), 'RUNNING');
  await host.ok('stop', ['-n', '@memory', '-k']);
});

test('loopback only', { skip }, async () => {
  await busybox.make('net');
  echo('net', 'lxc.net.0.type = empty');
  await host.ok('start', ['-n', '@net']);
  await host.inside('net', 'ping -c 1 -W 5 127.0.0.1');
  const out = await host.tslxc('attach', ['-n', '@net', '--', 'ping', '-c', '1', '-W', '2', '192.0.2.1']);
  assert.notEqual(out.code, 0);
  assert.match(out.stdout + out.stderr, /Network is unreachable/);
  assert.equal(await host.inside('net', 'ls /sys/class/net'), 'lo');
  await host.inside('net', 'echo answer >/tmp/page; httpd -p 127.0.0.1:8080 -h /tmp');
  assert.equal(await host.inside('net', 'wget -q -O - http://127.0.0.1:8080/page'), 'answer');
});

test('a change takes effect at the next start, a mistake is told', { skip }, async () => {
  await busybox.make('edit');
  echo('edit', 'lxc.cgroup.pids.max = 50');
  await host.ok('start', ['-n', '@edit']);
  echo('edit', 'lxc.cgroup.pids.max = 60', 'lxc.uts.name = edited');
  await host.ok('stop', ['-n', '@edit', '-r']);
  assert.equal(await host.inside('edit', 'hostname'), 'edited');
  await host.kill('edit');
  echo('edit', 'lxc.cgroup.pids.maximum = 60');
  const { code, stderr } = await host.tslxc('start', ['-n', '@edit']);
  assert.equal(code, 1);
  assert.match(stderr, /pids\.maximum/);
  await host.assertNothingLeft();
});

test('a fork bomb ends at pids.max; the host goes on', { skip }, async () => {
  await busybox.make('bomb');
  echo('bomb', 'lxc.cgroup.pids.max = 100');
  await host.ok('start', ['-n', '@bomb']);
  const bomb = spawnAttach('bomb', 'bomb() { bomb & bomb & sleep 1000; }; bomb');
  try {
    await eventually('it goes off', () => processesIn(host.name('bomb')).length >= 50);
    for (let i = 0; i < 20; i++) {
      assert.ok(processesIn(host.name('bomb')).length <= 101);
      const { ms, code } = await run('/bin/true', []);
      assert.equal(code, 0);
      assert.ok(ms < seconds(2), `the host takes ${ms} ms for nothing`);
      await delay(20);
    }
    assert.equal(await host.state('bomb'), 'RUNNING');
    const { code, ms } = await host.tslxc('stop', ['-n', '@bomb', '-k']);
    assert.equal(code, 0);
    assert.ok(ms < seconds(20));
    await host.assertNothingLeft();
  } finally {
    bomb.kill('SIGKILL');
  }
});

test('a mkdir loop is charged to the container', { skip }, async () => {
  await busybox.make('mkdir', 'lxc.mount.entry = tmpfs mnt tmpfs defaults 0 0');
  echo('mkdir', `lxc.cgroup.memory.limit_in_bytes = ${32 * MEBIBYTE}`);
  await host.ok('start', ['-n', '@mkdir']);
  const free = () => Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) / 1024;
  const before = free();
  const loop = spawnAttach('mkdir', 'cd /mnt; while mkdir x && cd x; do :; done');
  try {
    const end = Date.now() + seconds(4);
    let killed = false;
    while (Date.now() < end && !killed) {
      assert.ok(before - free() < 400, 'the host loses memory');
      killed = /OOM kills/.test(await host.ok('info', ['-n', '@mkdir', '-S']));
    }
    const info = await host.ok('info', ['-n', '@mkdir', '-S', '-H']);
    assert.ok(Number(/Memory use: +(\d+)/.exec(info)![1]) <= 33 * MEBIBYTE, info);
    assert.equal(await host.state('mkdir'), 'RUNNING');
    const { ms } = await run('/bin/true', []);
    assert.ok(ms < seconds(2));
  } finally {
    loop.kill('SIGKILL');
  }
  const { code } = await host.tslxc('stop', ['-n', '@mkdir', '-k'], { timeout: seconds(120) });
  assert.equal(code, 0);
});

test('two containers serve port 80, each its own', { skip }, async () => {
  const { name: bridge, net } = await host.bridge();
  for (const [name, address] of [
    ['web1', `${net}.11`],
    ['web2', `${net}.12`],
  ] as const) {
    await busybox.start(
      name,
      `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.flags = up\nlxc.net.0.ipv4.address = ${address}/24`,
    );
    await host.inside(
      name,
      `mkdir /srv/www; echo "this is ${name}" >/srv/www/index.html; httpd -p 80 -h /srv/www`,
    );
  }
  for (const [name, address] of [
    ['web1', `${net}.11`],
    ['web2', `${net}.12`],
  ] as const) {
    const page = await fetch(`http://${address}/index.html`, { signal: AbortSignal.timeout(5000 * SLOW) });
    assert.equal(await page.text(), `this is ${name}\n`);
  }
  assert.equal(await host.inside('web1', `wget -q -O - http://${net}.12/index.html`), 'this is web2');
  // What one does to its own interfaces, processes and files is nothing to the other.
  await host.inside('web1', 'ip link set eth0 down; kill -9 -1 2>/dev/null || true');
  assert.equal(await (await fetch(`http://${net}.12/index.html`)).text(), 'this is web2\n');
});

function spawnAttach(short: string, command: string) {
  const child = spawn(
    `${import.meta.dirname}/../../bin/tslxc-attach`,
    ['-P', host.lxcpath, '-n', host.name(short), '--', '/bin/sh', '-c', command],
    {
      env: { PATH: '/usr/bin:/bin', ...host.env },
      stdio: 'ignore',
    },
  );
  child.on('error', () => {});
  return child;
}
