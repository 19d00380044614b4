/** tslxc-device: nodes of a running container. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const DENY_ALL =
  'lxc.cgroup2.devices.deny = a\nlxc.cgroup2.devices.allow = c 1:3 rwm\nlxc.cgroup2.devices.allow = c *:* m';
const MAP = 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536';
const kmsg = 'head -c1 /dev/mine >/dev/null 2>&1 && echo readable || echo refused';

before(async () => {
  if (skip) return;
  await busybox.start('plain', DENY_ALL);
  await busybox.start('mapped', `${DENY_ALL}\n${MAP}`);
});

for (const name of ['plain', 'mapped'])
  test(`${name}: a device comes, can be used, and goes`, { skip }, async () => {
    const device = (...args: string[]) => host.tslxc('device', ['-n', `@${name}`, ...args]);
    // A device of harmless content that the rules do not let through.
    const made = await device('add', '/dev/zero', '/dev/mine');
    assert.equal(made.code, 0, made.stderr);
    assert.equal(await host.inside(name, kmsg), 'readable');
    assert.match(await host.inside(name, 'ls -l /dev/mine'), /^crw.rw.rw.\s.*1,\s+5 /);
    const again = await device('add', '/dev/zero', '/dev/mine');
    assert.equal(again.code, 1);
    assert.match(again.stderr, /\/dev\/mine is there already/);
    assert.equal((await device('add', '/dev/urandom', '/dev/sub/folder/u')).code, 0);
    assert.match(await host.inside(name, 'ls -l /dev/sub/folder/u'), /1,\s+9/);
    assert.equal((await device('del', '/dev/zero', '/dev/mine')).code, 0);
    assert.equal(await host.inside(name, '[ -e /dev/mine ] && echo there || echo gone'), 'gone');
    const gone = await device('del', '/dev/zero', '/dev/mine');
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /there is no \/dev\/mine/);
  });

test('del takes the permission away too', { skip }, async () => {
  const device = (...args: string[]) => host.ok('device', ['-n', '@plain', ...args]);
  await device('add', '/dev/full', '/dev/mine');
  await host.inside('plain', 'mknod /dev/other c 1 7');
  assert.equal(await host.inside('plain', 'head -c1 /dev/other >/dev/null && echo readable'), 'readable');
  await device('del', '/dev/full', '/dev/mine');
  assert.equal(
    await host.inside('plain', 'head -c1 /dev/other >/dev/null 2>&1 && echo readable || echo refused'),
    'refused',
  );
});

test('a link of the guest leads nowhere outside (rule R1)', { skip }, async () => {
  const { existsSync, mkdirSync } = await import('node:fs');
  const outside = `${host.root}/outside`;
  mkdirSync(outside);
  await host.inside('plain', `ln -s ${outside} /dev/link; ln -s ../../../../../../..${outside} /dev/dots`);
  for (const link of ['link', 'dots']) {
    await host.tslxc('device', ['-n', '@plain', 'add', '/dev/zero', `/dev/${link}/node`]);
    assert.ok(!existsSync(`${outside}/node`), link);
  }
});

test('a file that is no device, a missing one and a missing interface are refused', { skip }, async () => {
  for (const [args, message] of [
    [['add', '/etc/passwd'], /\/etc\/passwd is not a device node/],
    [['add', '/dev/no-such-device'], /there is no device \/dev\/no-such-device on the host/],
    [['add', 'nosuch0'], /the host has no interface "nosuch0"/],
    [['take', '/dev/zero'], /'take' is not an action/],
    [['add', '/dev/zero', 'relative'], /is not an absolute path/],
    [['add'], /DEVICE is missing/],
  ] as const) {
    const { code, stderr } = await host.tslxc('device', ['-n', '@plain', ...args]);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, message);
  }
  const missing = await host.tslxc('device', ['-n', '@none', 'add', '/dev/zero']);
  assert.equal(missing.code, 1);
});
