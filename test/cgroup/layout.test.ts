import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hierarchyOf, parseLayout } from '../../src/cgroup/layout.ts';
import { HYBRID, hybrid, LEGACY, legacy, mixed, UNIFIED, unified } from './layouts.ts';

test('the three kinds of host are told apart', () => {
  assert.deepEqual(
    [legacy.kind, hybrid.kind, unified.kind, mixed.kind],
    ['legacy', 'hybrid', 'unified', 'hybrid'],
  );
});

test('v1 controllers come from the mount options, without those that are no controllers', () => {
  assert.deepEqual(
    legacy.hierarchies.map(({ id }) => id),
    [
      'name=systemd',
      'cpu,cpuacct',
      'memory',
      'blkio',
      'devices',
      'freezer',
      'cpuset',
      'pids',
      'hugetlb',
      'net_cls,net_prio',
    ],
  );
  assert.equal(hierarchyOf(legacy, 1, 'cpuacct')?.mountpoint, '/sys/fs/cgroup/cpu,cpuacct');
  assert.equal(hierarchyOf(legacy, 2, 'memory'), undefined);
});

test('v2 controllers come from cgroup.controllers', () => {
  assert.deepEqual(
    unified.hierarchies[0]?.controllers,
    'cpuset cpu io memory hugetlb pids rdma misc'.split(' '),
  );
  assert.deepEqual(hybrid.hierarchies.at(-1)?.controllers, []);
  assert.equal(hierarchyOf(mixed, 2, 'memory')?.id, 'unified');
});

test('the own cgroup is found in each hierarchy, whatever the order of its controllers', () => {
  const own = (id: string) => legacy.hierarchies.find((h) => h.id === id)?.own;
  assert.equal(own('cpu,cpuacct'), '/user.slice');
  assert.equal(own('memory'), '/user.slice/user-0.slice/session-1.scope');
  assert.equal(own('name=systemd'), '/user.slice/user-0.slice/session-1.scope');
  assert.equal(own('freezer'), '/');
});

test('the monitor cgroup of the manager is not where the caller came from', () => {
  assert.equal(hybrid.hierarchies.at(-1)?.own, '/');
});

test('a mount that shows a part of the hierarchy makes paths relative to it', () => {
  const part = UNIFIED.mountinfo.replace('0:26 / /sys', '0:26 /user.slice/user-0.slice /sys');
  assert.equal(parseLayout({ ...UNIFIED, mountinfo: part }).hierarchies[0]?.own, '/session-c1.scope');
  const elsewhere = UNIFIED.mountinfo.replace('0:26 / /sys', '0:26 /system.slice /sys');
  assert.equal(parseLayout({ ...UNIFIED, mountinfo: elsewhere }).hierarchies[0]?.own, '/');
  assert.equal(parseLayout({ ...UNIFIED, cgroup: '0::/../../other\n' }).hierarchies[0]?.own, '/');
});

test('of several mounts of one hierarchy the widest wins, then the usual place', () => {
  const line = '31 22 0:26 / /mnt/my\\040cgroups rw - cgroup2 cgroup2 rw';
  const narrow = '31 22 0:26 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
  assert.equal(
    parseLayout({ ...UNIFIED, mountinfo: `${line}\n${UNIFIED.mountinfo}` }).hierarchies[0]?.mountpoint,
    '/sys/fs/cgroup',
  );
  assert.equal(
    parseLayout({ ...UNIFIED, mountinfo: `${narrow}\n${line}` }).hierarchies[0]?.mountpoint,
    '/mnt/my cgroups',
  );
});

test('a host without cgroups is an error with a remedy', () => {
  assert.throws(() => parseLayout({ ...LEGACY, mountinfo: '' }), {
    code: 'NOT_SUPPORTED',
    hint: /mount -t cgroup2/,
  });
  assert.equal(parseLayout(HYBRID).hierarchies.length, 10);
});
