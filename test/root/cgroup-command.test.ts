/** tslxc-cgroup: limits of a running container, read, set, and kept. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const cgroup = (...args: string[]) => host.tslxc('cgroup', ['-n', '@cg', ...args]);

before(async () => {
  if (!skip) await busybox.start('cg', 'lxc.cgroup2.pids.max = 300');
});

test('a value is read in either spelling, with or without the prefix of the config', { skip }, async () => {
  for (const file of ['pids.max', 'lxc.cgroup.pids.max', 'lxc.cgroup2.pids.max'])
    assert.equal((await cgroup(file)).stdout, '300\n');
  assert.match((await cgroup('memory.current')).stdout, /^[1-9]\d+\n$/);
  assert.match((await cgroup('memory.usage_in_bytes')).stdout, /^[1-9]\d+\n$/);
  assert.deepEqual(JSON.parse((await cgroup('--json', 'pids.max')).stdout), {
    file: 'pids.max',
    value: '300',
  });
});

test('a value is set in the other spelling, and holds; a rounding to a page is no warning', {
  skip,
}, async () => {
  assert.equal((await cgroup('memory.max', '64M')).code, 0);
  assert.equal((await cgroup('memory.limit_in_bytes')).stdout, '67108864\n');
  assert.equal((await cgroup('memory.limit_in_bytes', '96M')).code, 0);
  assert.equal((await cgroup('memory.max')).stdout, '100663296\n');
  const rounded = await cgroup('memory.max', '100000001');
  assert.deepEqual([rounded.code, rounded.stderr], [0, '']);
  assert.equal((await cgroup('memory.max')).stdout, '99999744\n');
});

test('--save writes the config, where the next start reads it', { skip }, async () => {
  const read = () => readFileSync(host.config('cg'), 'utf8');
  await host.ok('cgroup', ['-n', '@cg', 'pids.max', '200']);
  assert.doesNotMatch(read(), /200/);
  await host.ok('cgroup', ['-n', '@cg', '--save', 'lxc.cgroup2.pids.max', '250']);
  assert.match(read(), /^lxc\.cgroup2\.pids\.max = 250$/m);
  assert.doesNotMatch(read(), /300/, 'the old line is changed, not joined by another');
  await host.ok('cgroup', ['-n', '@cg', '--save', 'devices.deny', 'c 10:229 rwm']);
  await host.ok('cgroup', ['-n', '@cg', '--save', 'devices.allow', 'c 10:200 rwm']);
  assert.equal(read().match(/^lxc\.cgroup2?\.devices\.(allow|deny) = c 10:\d+ rwm$/gm)?.length, 2);
  await host.kill('cg');
  await host.ok('start', ['-n', '@cg']);
  assert.equal((await cgroup('pids.max')).stdout, '250\n');
});

test('device rules hold at once, and a later manager knows them', { skip }, async () => {
  const node = 'mknod /tmp/null1 c 1 3 2>/dev/null; echo x > /tmp/null1 && echo written || echo refused';
  assert.equal(await host.inside('cg', node), 'written');
  await host.ok('cgroup', ['-n', '@cg', 'devices.deny', 'c 1:3 w']);
  assert.equal(await host.inside('cg', `(${node}) 2>/tmp/e`), 'refused');
  await host.killProcesses(host.managerPid());
  await host.ok('cgroup', ['-n', '@cg', 'devices.allow', 'c 1:3 w']);
  assert.equal(await host.inside('cg', node), 'written');
});

test('a file that cannot be read or set is one error', { skip }, async () => {
  for (const [args, message] of [
    [['no.such.file'], /no\.such\.file: .*no such file/],
    [['../../etc/passwd'], /no name of a cgroup file/],
    [['pids.max', 'many'], /pids\.max = many/],
    [['--save', 'pids.max'], /'--save' needs a VALUE/],
    [[], /FILE is missing/],
  ] as const) {
    const { code, stderr, stdout } = await cgroup(...args);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
  await host.kill('cg');
  const stopped = await cgroup('pids.max');
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /it is not running/);
});
