/** Processes that start one container after another: which starts they make, and what happens to them. */
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

const spawners = () => host.processes().filter(({ title }) => title === 'tslxc-spawner');
const parentOf = (pid: number) =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

const namespace = (pid: number, kind: string) => readlinkSync(`/proc/${pid}/ns/${kind}`);

/** The one that is there when nothing is under way. */
const standby = () =>
  eventually('a spawner stands by', () => {
    const [first, ...others] = spawners();
    return others.length === 0 ? first?.pid : undefined;
  });

/** Stopped, with a manager and its spawner there. */
async function ready(name: string, config = ''): Promise<number> {
  await busybox.make(name, config);
  await busybox.start('companion');
  return standby();
}

test('one spawner starts one container after another, and the keeper is the parent of their inits', {
  skip,
}, async () => {
  const spawner = await ready('one');
  for (let round = 0; round < 3; round++) {
    await host.ok('start', ['-n', '@one']);
    assert.equal(parentOf(await host.initPid('one')), host.keeperPid());
    await host.kill('one');
  }
  assert.equal(await standby(), spawner);
  await host.kill('companion');
  await host.assertNothingLeft();
});

test('init knows nothing of it: its own descriptors, session, signals, limits, names', { skip }, async () => {
  await ready('clean');
  await host.ok('start', ['-n', '@clean', '-s', 'lxc.prlimit.nofile=300:400']);
  const pid = await host.initPid('clean');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^SigBlk:\s+0+$/m);
  assert.match(status, /^NSsid:.*\s1$/m);
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max open files\s+300\s+400/m);
  assert.equal(await host.inside('clean', 'ls /proc/1/fd | wc -l; hostname'), '3\nclean');
  // And the spawner has kept nothing of the container's.
  const [spawner] = spawners();
  const limits = readFileSync(`/proc/${spawner!.pid}/limits`, 'utf8');
  assert.doesNotMatch(limits, /^Max open files\s+300/m);
  for (const kind of ['mnt', 'pid', 'cgroup', 'user'])
    assert.equal(namespace(spawner!.pid, kind), namespace(host.keeperPid()!, kind));
});

test("what a container sets of its memory is not the next one's: coredump_filter", { skip }, async () => {
  await ready('dumps');
  const filter = async () =>
    readFileSync(`/proc/${await host.initPid('dumps')}/coredump_filter`, 'utf8').trim();
  await host.ok('start', ['-n', '@dumps']);
  const usual = await filter();
  await host.kill('dumps');
  await host.ok('start', ['-n', '@dumps', '-s', 'lxc.proc.coredump_filter=0x1ff']);
  assert.equal(await filter(), '000001ff');
  await host.kill('dumps');
  await host.ok('start', ['-n', '@dumps']);
  assert.equal(await filter(), usual);
});

test('hooks and mapped ids ask for a stage of their own', { skip }, async () => {
  const spawner = await ready('hooked', 'lxc.hook.mount = true');
  await host.ok('start', ['-n', '@hooked']);
  await busybox.make(
    'mapped',
    'lxc.include = /usr/share/tslxc/config/userns.conf\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536',
  );
  await host.ok('start', ['-n', '@mapped']);
  assert.equal(await standby(), spawner);
});

test('a start that fails costs the spawner, not the next start', { skip }, async () => {
  const spawner = await ready('broken');
  const init = join(host.rootfs('broken'), 'sbin/init');
  rmSync(init);
  // It is there and can be run, but the kernel will not.
  writeFileSync(init, 'no program', { mode: 0o755 });
  const failed = await host.tslxc('start', ['-n', '@broken']);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /cannot run \/sbin\/init: not a program for this machine/);
  rmSync(init);
  symlinkSync('../bin/busybox', init);
  await host.ok('start', ['-n', '@broken']);
  assert.notEqual(await standby(), spawner);
});

test('a spawner that was killed is not missed', { skip }, async () => {
  const spawner = await ready('again');
  process.kill(spawner, 'SIGKILL');
  await eventually('it is gone', () => spawners().every(({ pid }) => pid !== spawner));
  await host.ok('start', ['-n', '@again']);
  assert.notEqual(await standby(), spawner);
});
