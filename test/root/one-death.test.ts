/** After the death of one process, and with a full run directory, everything goes on. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { run } from './harness/run-command.ts';
import { delay, eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

const VICTIMS: Readonly<Record<string, () => number | undefined>> = {
  keeper: () => host.keeperPid(),
  manager: () => host.managerPid(),
  'fork server': () => host.forkServerPid(),
};

test('a container reboots after the death of any one process', { skip }, async () => {
  await busybox.start('again');
  for (const [what, victim] of Object.entries(VICTIMS)) {
    await host.killProcesses(victim());
    const before = await host.initPid('again');
    await host.ok('stop', ['-n', '@again', '-r', '-t', '20']);
    const init = await host.initPid('again');
    assert.ok(![0, before].includes(init), `stop -r after the death of the ${what}`);
    await delay(1100);
    await host.inside('again', 'reboot -f >/dev/null 2>&1 &');
    await eventually(
      `a reboot from inside after the death of the ${what}`,
      async () => ![0, init].includes(await host.initPid('again')),
      seconds(20),
    );
  }
  await host.killProcesses(host.keeperPid());
  await host.inside('again', 'poweroff -f >/dev/null 2>&1 &');
  await eventually('it is off', async () => (await host.state('again')) === 'STOPPED', seconds(20));
  assert.match(await host.ok('info', ['-n', '@again', '--why']), /a power-off from inside/);
});

test('a full run directory keeps no container from ending', { skip }, async () => {
  mkdirSync(host.rundir, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'full', host.rundir]);
  try {
    for (const name of ['a', 'b', 'c', 'd']) await busybox.start(name);
    const filler = join(host.rundir, 'filler');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(2 << 20)), { code: 'ENOSPC' });
    await host.ok('stop', ['-n', '@a', '-k']);
    await host.ok('stop', ['-n', '@b', '-t', '20']);
    await host.killProcesses(host.managerPid());
    await host.ok('stop', ['-n', '@c', '-k'], { timeout: seconds(30) });
    await host.killProcesses(host.keeperPid());
    assert.equal(await host.inside('d', 'echo yes'), 'yes');
    await host.ok('stop', ['-n', '@d', '-k']);
    rmSync(filler);
    await host.ok('start', ['-n', '@a']);
    await host.kill('a');
    await host.endManager();
  } finally {
    await run('umount', ['-l', host.rundir]);
  }
});

test('what a dead manager said last is still in its log', { skip }, async () => {
  await busybox.start('says');
  await host.killProcesses(host.keeperPid());
  await eventually('it says so', () => said().length > 0);
  const before = said();
  await host.killProcesses(host.managerPid());
  assert.equal(await host.inside('says', 'echo yes'), 'yes');
  assert.ok(said().startsWith(before));
});

const said = () => readFileSync(join(host.rundir, 'tslxcd.log'), 'utf8');
