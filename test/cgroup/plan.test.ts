import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachFiles, enterFiles, planCgroup, planHookCgroups } from '../../src/cgroup/container-cgroup.ts';
import { hybrid, legacy, unified } from './layouts.ts';

const free = { exists: () => false, writable: () => true };

test('a limit cgroup and an inner one in each hierarchy, at its root', () => {
  const plan = planCgroup(hybrid, 'deb', free);
  assert.equal(plan.hierarchies.length, 10);
  const memory = plan.hierarchies.find(({ id }) => id === 'memory');
  assert.equal(memory?.limit, '/sys/fs/cgroup/memory/tslxc.payload.deb');
  assert.equal(memory?.inner, '/sys/fs/cgroup/memory/tslxc.payload.deb/ns');
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  assert.ok(enterFiles(plan).includes('/sys/fs/cgroup/systemd/tslxc.payload.deb/ns/tasks'));
  assert.deepEqual(attachFiles(plan), enterFiles(plan), 'no controllers in v2: nothing in the way');
});

test('a taken name gets a suffix, the same in all hierarchies', () => {
  const taken = new Set([
    '/sys/fs/cgroup/pids/tslxc.payload.deb',
    '/sys/fs/cgroup/memory/tslxc.payload.deb-1',
  ]);
  const plan = planCgroup(hybrid, 'deb', { ...free, exists: (path) => taken.has(path) });
  for (const { limit } of plan.hierarchies) assert.match(limit, /tslxc\.payload\.deb-2$/);
  assert.throws(() => planCgroup(hybrid, 'deb', { ...free, exists: (path) => path.includes('payload') }), {
    code: 'START_FAILED',
  });
});

test('lxc.cgroup.dir, .relative, .dir.container and the pattern', () => {
  const limit = (options: object, layout = unified) =>
    planCgroup(layout, 'deb', { ...free, ...options }).hierarchies[0]!;
  assert.equal(limit({ dir: '/a/b' }).limit, '/sys/fs/cgroup/a/b/tslxc.payload.deb');
  assert.deepEqual(limit({ dir: 'a/b' }).scaffold, ['/sys/fs/cgroup/a', '/sys/fs/cgroup/a/b']);
  assert.equal(
    limit({ relative: true }).limit,
    '/sys/fs/cgroup/user.slice/user-0.slice/session-c1.scope/tslxc.payload.deb',
  );
  assert.equal(limit({ container: 'x/y', inner: 'z' }).inner, '/sys/fs/cgroup/x/y/z');
  assert.equal(limit({ pattern: 'lxc/%n' }).limit, '/sys/fs/cgroup/lxc/deb/payload');
  assert.throws(() => limit({ dir: 'a/../b' }), { code: 'CONFIG_VALUE' });
  assert.throws(() => limit({ dir: 'a', container: 'b' }), { code: 'CONFIG_CONFLICT' });
});

test('only what is writable is used; the own cgroup where the root is not', () => {
  const own = '/sys/fs/cgroup/user.slice/user-0.slice/session-c1.scope';
  const user = planCgroup(unified, 'deb', { ...free, writable: (path) => path === own });
  assert.equal(user.hierarchies[0]?.limit, `${own}/tslxc.payload.deb`);
  const some = planCgroup(legacy, 'deb', { ...free, writable: (path) => path.endsWith('/memory') });
  assert.deepEqual(
    some.hierarchies.map(({ id }) => id),
    ['memory'],
  );
  assert.equal(some.skipped.length, 9);
  assert.match(some.skipped[0]!.reason, /not writable/);
});

test('lxc.cgroup.use keeps hierarchies whose controllers are all listed', () => {
  const plan = planCgroup(legacy, 'deb', { ...free, use: ['memory', 'cpu', 'name=systemd'] });
  assert.deepEqual(
    plan.hierarchies.map(({ id }) => id),
    ['name=systemd', 'memory'],
  );
  const v2 = planCgroup(unified, 'deb', { ...free, use: ['memory', 'pids'] });
  assert.deepEqual(v2.hierarchies[0]?.controllers, ['memory', 'pids'], 'v2: the one there is, with these');
});

test('a cgroup for hooks where the config has a place for it, with a pivot', () => {
  const first = (options: object) => planHookCgroups(unified, 'deb', { ...free, ...options })[0]!;
  assert.deepEqual(planHookCgroups(unified, 'deb', free), [], 'else they are where the manager is');
  assert.equal(first({ dir: 'a' }).path, '/sys/fs/cgroup/a/tslxc.monitor.deb');
  assert.equal(first({ dir: 'a' }).pivot, '/sys/fs/cgroup/a/tslxc.monitor');
  assert.equal(first({ pattern: 'lxc/%n' }).path, '/sys/fs/cgroup/lxc/deb/monitor');
  assert.equal(first({ monitor: 'x/y' }).pivot, '/sys/fs/cgroup/tslxc.monitor');
  assert.deepEqual(first({ monitor: 'x/y', pivot: 'x/z' }).made, [
    '/sys/fs/cgroup/x',
    '/sys/fs/cgroup/x/y',
    '/sys/fs/cgroup/x/z',
  ]);
  assert.throws(() => first({ monitor: '../up' }), { code: 'CONFIG_VALUE' });
});
