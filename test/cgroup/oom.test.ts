import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBelow } from '../../src/cgroup/oom.ts';

const b = { mountpoint: '/sys/fs/cgroup/memory', limit: '/sys/fs/cgroup/memory/tslxc.payload.B' };

test("a victim is a container's when its cgroup is below the container's, component by component", () => {
  assert.ok(isBelow('/tslxc.payload.B/ns', b, ''));
  assert.ok(isBelow('/tslxc.payload.B', b, ''));
  assert.ok(
    !isBelow('/tslxc.payload.A/ns/tslxc.payload.B/x', b, ''),
    'A has made a cgroup that is called as B',
  );
  assert.ok(!isBelow('/tslxc.payload.B-1/ns', b, ''));
  assert.ok(isBelow('/docker/1/tslxc.payload.B/ns', b, '/docker/1'));
  assert.ok(isBelow('/lxc.payload.outer/ns/tslxc.payload.B/ns', b, undefined), 'in a cgroup namespace');
});
