import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CgroupMountOptions, cgroupMounts } from '../../src/cgroup/cgroup-mounts.ts';
import { planCgroup } from '../../src/cgroup/container-cgroup.ts';
import type { CgroupLayout } from '../../src/cgroup/layout.ts';
import { hybrid, legacy, unified } from './layouts.ts';

const usual: CgroupMountOptions = {
  mode: 'mixed',
  full: false,
  force: false,
  cgroupNamespace: true,
  sysAdmin: true,
};
const plan = (layout: CgroupLayout) =>
  planCgroup(layout, 'deb', { exists: () => false, writable: () => true });
const short = (layout: CgroupLayout, options: Partial<CgroupMountOptions> = {}, withPlan = false) =>
  cgroupMounts(layout, { ...usual, ...options }, withPlan ? plan(layout) : undefined).map(
    ({ kind, source, target, fstype, data }) => `${kind} ${source || '-'} ${target} ${fstype} ${data}`.trim(),
  );

test('v2: cgroup2 is always mounted, ro is read-only', () => {
  const mounted = ['filesystem cgroup2 sys/fs/cgroup cgroup2'];
  for (const mode of ['auto', 'mixed', 'rw'] as const) assert.deepEqual(short(unified, { mode }), mounted);
  assert.deepEqual(short(unified, { mode: 'ro' }), [...mounted, 'readonly - sys/fs/cgroup']);
});

test('v1 and hybrid: init does it itself where it can', () => {
  assert.deepEqual(short(hybrid), []);
  assert.deepEqual(short(legacy, { mode: 'ro' }), []);
  assert.equal(
    short(hybrid, { force: true })[0],
    'filesystem tmpfs sys/fs/cgroup tmpfs mode=755,size=10240k',
  );
  assert.equal(short(hybrid, { sysAdmin: false }).length, 12);
});

test('controllers that share a hierarchy are found under each name', () => {
  const mounts = short(legacy, { force: true, mode: 'rw' });
  assert.ok(mounts.includes('filesystem cgroup sys/fs/cgroup/cpu,cpuacct cgroup cpu,cpuacct'));
  assert.ok(mounts.includes('filesystem cgroup sys/fs/cgroup/cpu cgroup cpu,cpuacct'));
  assert.ok(mounts.includes('filesystem cgroup sys/fs/cgroup/systemd cgroup none,name=systemd'));
});

test('mixed leaves the hierarchies writable in a read-only /sys/fs/cgroup', () => {
  const steps = cgroupMounts(hybrid, { ...usual, force: true });
  assert.equal(steps.at(-1)?.kind, 'readonly');
  assert.ok(steps.at(-1)?.except?.includes('sys/fs/cgroup/memory'));
  assert.equal(cgroupMounts(hybrid, { ...usual, force: true, mode: 'ro' }).at(-1)?.except, undefined);
});

test('without a cgroup namespace only the own cgroup is writable, and nothing is mounted blindly', () => {
  const noNs = { cgroupNamespace: false };
  assert.ok(
    short(hybrid, noNs, true).includes(
      'bind /sys/fs/cgroup/memory/tslxc.payload.deb/ns sys/fs/cgroup/memory/tslxc.payload.deb/ns',
    ),
  );
  const full = cgroupMounts(hybrid, { ...usual, ...noNs, full: true, mode: 'rw' }, plan(hybrid));
  assert.equal(full.at(-1)?.kind, 'readonly', 'the host part is never writable');
  assert.ok(full.at(-1)?.except?.every((path) => path.endsWith('/tslxc.payload.deb/ns')));
  assert.throws(() => short(hybrid, noNs), { code: 'NOT_SUPPORTED' });
  assert.throws(() => short(unified, noNs), { code: 'NOT_SUPPORTED' });
});

test('the cgroup2 token mounts cgroup2 wherever the host has it', () => {
  assert.deepEqual(short(hybrid, { cgroup2: true }), ['filesystem cgroup2 sys/fs/cgroup cgroup2']);
  assert.throws(() => short(legacy, { cgroup2: true }), { code: 'NOT_SUPPORTED' });
});
