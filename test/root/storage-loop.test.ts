/** Containers in images on loop devices; no device is left whatever happens. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { storeOf } from '../../src/storage/stores.ts';
import { skip } from './harness/container-host.ts';
import { eventually } from './harness/slow.ts';
import { killedIn } from './storage-scratch.ts';
import { loopDevices, storageTable } from './storage-table.ts';

const host = storageTable({
  type: 'loop',
  path: 'loop:DIR/rootdev',
  shares: /the root filesystem .* cannot be shared: it is of type loop/,
  quota: ['--fssize', '48M'],
});

const image = (short: string) => join(host.lxcpath, host.name(short), 'rootdev');
const empty = () => join(host.root, 'empty.conf');
const create = (short: string, ...more: string[]) =>
  host.tslxc('create', ['-n', `@${short}`, '-t', 'busybox', '-f', empty(), '-B', 'loop', ...more]);
const noDevices = () => eventually('no loop device is left', () => loopDevices(host.lxcpath).length === 0);

for (const [fstype, size] of [
  ['xfs', '400M'],
  ['btrfs', '200'],
] as const)
  test(`${fstype}: made, started, copied with its type and size`, { skip }, async () => {
    const { code, stderr } = await create(fstype, '--fstype', fstype, '--fssize', size);
    assert.equal(code, 0, stderr);
    await host.ok('start', ['-n', `@${fstype}`]);
    assert.match(await host.inside(fstype, "grep ' / ' /proc/mounts"), new RegExp(` / ${fstype} `));
    await host.kill(fstype);
    await host.ok('copy', ['-n', `@${fstype}`, '-N', host.name('copy')]);
    const usage = await storeOf({ type: 'loop', path: image('copy') }).usage({
      type: 'loop',
      path: image('copy'),
    });
    assert.deepEqual([usage.fstype, usage.size], [fstype, Number.parseInt(size, 10) * 2 ** 20]);
    assert.ok(usage.used! < usage.size! / 2, 'it is sparse');
    // Both at once: they have ids of their own.
    await host.ok('start', ['-n', `@${fstype}`]);
    await host.ok('start', ['-n', '@copy']);
    assert.equal(loopDevices(host.lxcpath).length, 2);
    for (const short of ['copy', fstype]) {
      await host.kill(short);
      await host.ok('destroy', ['-n', `@${short}`]);
    }
    await noDevices();
  });

test('a running container can be copied: its filesystem is not mounted a second time', { skip }, async () => {
  await create('live', '--fssize', '64M');
  await host.ok('start', ['-n', '@live']);
  await host.inside('live', 'echo text >/root/file');
  await host.ok('copy', ['-n', '@live', '-N', host.name('still'), '-a']);
  await host.inside('live', 'echo more >>/root/file; sync');
  assert.equal(loopDevices(host.lxcpath).length, 1);
  await host.kill('live');
  await host.ok('start', ['-n', '@still']);
  assert.equal(await host.inside('still', 'cat /root/file'), 'text');
  await host.kill('still');
  for (const short of ['live', 'still']) execFileSync('e2fsck', ['-fn', image(short)], { stdio: 'ignore' });
  await noDevices();
});

test('an image that is attached already is started from that device', { skip }, async () => {
  const device = execFileSync('losetup', ['-f', '--show', image('live')], { encoding: 'utf8' }).trim();
  try {
    await host.ok('start', ['-n', '@live']);
    assert.equal(loopDevices(host.lxcpath).length, 1);
    await host.kill('live');
  } finally {
    execFileSync('losetup', ['-d', device]);
  }
  await noDevices();
});

test('an image grows with its files in it, and never shrinks', { skip }, async () => {
  const volume = { type: 'loop', path: image('live') } as const;
  await storeOf(volume).resize(volume, 96 * 2 ** 20);
  assert.equal(statSync(volume.path).size, 96 * 2 ** 20);
  await host.ok('start', ['-n', '@live']);
  assert.ok(Number(await host.inside('live', "df -m / | awk 'END { print $2 }'")) > 75);
  await host.kill('live');
  await assert.rejects(storeOf(volume).resize(volume, 2 ** 20), { code: 'NOT_SUPPORTED' });
  await noDevices();
});

test('a create that is killed while its template runs leaves no mount, no device, no image', {
  skip,
}, async () => {
  const template = join(host.root, 'slow');
  const sign = join(host.root, 'sign');
  writeFileSync(
    template,
    `#!/bin/sh\nfor a; do case $a in --rootfs=*) R=\${a#*=};; esac; done\ntouch $R/made ${sign}; sleep 60\n`,
    {
      mode: 0o755,
    },
  );
  const options = JSON.stringify({
    template,
    config: empty(),
    backingStore: 'loop',
    volumeOptions: { size: 2 ** 26 },
  });
  const ref = JSON.stringify({ name: host.name('killed'), lxcpath: host.lxcpath });
  await killedIn(
    `process.env.TSLXC_RUNDIR = ${JSON.stringify(host.rundir)};
     const { createContainer } = await load('container/lifecycle/create.ts'); await createContainer(${ref}, ${options});`,
    () => existsSync(sign),
  );
  await noDevices();
  assert.ok(existsSync(image('killed')));
  await create('other', '--fssize', '64M');
  assert.ok(!existsSync(image('killed')));
});

test('a wish that cannot be is told before anything is made', { skip }, async () => {
  for (const [args, said] of [
    [['--fstype', 'nosuch'], /mkfs\.nosuch is not installed/],
    [['--fstype', '../sh'], /not a type of filesystem/],
    [['--fstype', 'xfs', '--fssize', '20M'], /mkfs\.xfs on .* failed: .*300MB/],
    [['--fssize', 'much'], /--fssize much/],
    [['--vgname', 'x'], /--vgname means nothing to the backing store loop/],
  ] as const) {
    const { code, stderr } = await create('wish', ...args);
    assert.equal(code, 1);
    assert.match(stderr, said);
    assert.ok(!existsSync(join(host.lxcpath, host.name('wish'))));
  }
});
