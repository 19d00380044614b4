/** Two hundred starts and stops: nothing is left, and the manager does not grow. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { cgroupsOf, descriptorsOf, interfaces, statusField } from './harness/leftovers.ts';
import { SLOW } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const CYCLES = Number(process.env.TSLXC_TEST_CYCLES ?? (SLOW > 1 ? 20 : 200));
/** What a manager may grow by over all cycles, KiB: its heap breathes. */
const GROWTH = 24 * 1024;

interface Size {
  readonly descriptors: number;
  readonly memory: number;
}

const sizeOf = (pid: number): Size => ({
  descriptors: descriptorsOf(pid).size,
  memory: Number.parseInt(statusField(pid, 'RssAnon'), 10),
});

const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length;

test(`${CYCLES} cycles of start and stop -k`, { skip }, async (t) => {
  const { name: bridge } = await host.bridge();
  await busybox.make('cycle', `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.flags = up`);
  const cycle = async () => {
    await host.ok('start', ['-n', '@cycle']);
    await host.ok('stop', ['-n', '@cycle', '-k']);
  };
  for (let i = 0; i < Math.min(20, CYCLES / 4); i++) await cycle();
  await host.assertNothingLeft();
  const pids = {
    manager: host.managerPid()!,
    keeper: host.keeperPid()!,
    'fork server': host.forkServerPid()!,
  };
  const before = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, sizeOf(pid)]));
  const [mountsBefore, filesBefore] = [mounts(), readdirSync(host.rundir, { recursive: true }).length];
  const begin = performance.now();
  for (let i = 0; i < CYCLES; i++) await cycle();
  t.diagnostic(`${((performance.now() - begin) / CYCLES).toFixed(0)} ms for a cycle`);
  await host.assertNothingLeft();
  for (const [name, pid] of Object.entries(pids)) {
    const [was, is] = [before[name]!, sizeOf(pid)];
    t.diagnostic(
      `${name}: ${was.descriptors} -> ${is.descriptors} descriptors, ${was.memory} -> ${is.memory} KiB`,
    );
    assert.ok(
      is.descriptors <= was.descriptors + 2,
      `${name}: descriptors pile up: ${JSON.stringify([...descriptorsOf(pid)])}`,
    );
    assert.ok(is.memory <= was.memory + GROWTH, `${name} grows from ${was.memory} to ${is.memory} KiB`);
  }
  assert.equal(readdirSync(host.rundir, { recursive: true }).length, filesBefore);
  assert.ok(mounts() <= mountsBefore + 2, 'mounts pile up');
  assert.deepEqual(cgroupsOf(host.mark), []);
  assert.deepEqual(
    interfaces().filter((name) => name.includes(host.mark)),
    [bridge],
  );
});

test('attach a hundred times: the same', { skip }, async () => {
  await host.ok('start', ['-n', '@cycle']);
  const count = Math.ceil(CYCLES / 2);
  const attach = async () => void (await host.inside('cycle', 'true'));
  for (let i = 0; i < 10; i++) await attach();
  const manager = host.managerPid()!;
  const before = sizeOf(manager);
  for (let i = 0; i < count; i++) await attach();
  const after = sizeOf(manager);
  assert.ok(after.descriptors <= before.descriptors + 2, `${before.descriptors} -> ${after.descriptors}`);
  assert.ok(after.memory <= before.memory + GROWTH);
  await host.kill('cycle');
});
