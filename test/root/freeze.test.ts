/** tslxc-freeze and tslxc-unfreeze on running containers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { delay } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

/** Counts up in a file as long as it gets time to run. */
const COUNTER = ['--', '/bin/sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.02; done'];

test('a frozen container stands still and goes on where it was', { skip }, async () => {
  await busybox.start('ice', '', COUNTER);
  const count = () => readFileSync(`${host.rootfs('ice')}/count`, 'utf8');
  const before = await host.initPid('ice');
  assert.equal(await host.ok('freeze', ['-n', '@ice']), '');
  assert.equal(await host.state('ice'), 'FROZEN');
  assert.match(await host.ok('ls', ['-f', '--frozen']), new RegExp(`${host.name('ice')} +FROZEN`));
  const still = count();
  await delay(300);
  assert.equal(count(), still, 'no process of it runs');
  await host.ok('freeze', ['-n', '@ice']);
  assert.equal(await host.state('ice'), 'FROZEN', 'once more changes nothing');
  await host.ok('unfreeze', ['-n', '@ice']);
  assert.equal(await host.state('ice'), 'RUNNING');
  await host.ok('unfreeze', ['-n', '@ice']);
  assert.equal(await host.initPid('ice'), before);
  await delay(300);
  assert.notEqual(count(), still);
});

test('a later manager knows that it is frozen, and thaws it', { skip }, async () => {
  await host.ok('freeze', ['-n', '@ice']);
  await host.killProcesses(host.managerPid());
  assert.equal(await host.state('ice'), 'FROZEN');
  await host.ok('unfreeze', ['-n', '@ice']);
  assert.equal(await host.state('ice'), 'RUNNING');
});

test('many times in a row', { skip }, async () => {
  for (let round = 0; round < 10; round++) {
    await host.ok('freeze', ['-n', '@ice']);
    await host.ok('unfreeze', ['-n', '@ice']);
  }
  assert.equal(await host.state('ice'), 'RUNNING');
});

test('what does not run cannot be frozen', { skip }, async () => {
  await busybox.make('idle');
  for (const command of ['freeze', 'unfreeze'])
    for (const name of ['@idle', '@nowhere']) {
      const { code, stderr } = await host.tslxc(command, ['-n', name]);
      assert.equal(code, 1);
      assert.match(stderr, /not running|no such container/);
    }
});

test('several containers in one command: each is done, the first failure is the exit code', {
  skip,
}, async () => {
  await busybox.start('one');
  await busybox.start('two');
  const names = ['@one', '@none', '@two'].map((name) => name.replace('@', `${host.mark}-`));
  const frozen = await host.tslxc('freeze', names);
  assert.equal(frozen.code, 1);
  assert.match(
    frozen.stderr,
    new RegExp(`^tslxc-freeze: ${names[1]}: there is no such container[^\n]*\n.*\n$`),
  );
  assert.deepEqual([await host.state('one'), await host.state('two')], ['FROZEN', 'FROZEN']);
  await host.ok('unfreeze', [names[0]!, names[2]!]);
  const stopped = await host.tslxc('stop', ['-k', ...names]);
  assert.equal(stopped.code, 2, 'the code of stop for what does not run');
  assert.deepEqual([await host.state('one'), await host.state('two')], ['STOPPED', 'STOPPED']);
  await host.ok('destroy', ['-n', names[0]!, names[2]!]);
  assert.equal(await host.ok('ls', ['-1', '--filter', '-(one|two)$']), '');
});
