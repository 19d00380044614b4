import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CgroupLayout } from '../../src/cgroup/layout.ts';
import { contradictions } from '../../src/cgroup/limit-conflicts.ts';
import { translate } from '../../src/cgroup/translate.ts';
import { hybrid, legacy, mixed, settings, unified } from './layouts.ts';

/** The writes for a config, as `hierarchy file=value` lines. */
const lines = (layout: CgroupLayout, config: string) =>
  translate(settings(config), layout).map(({ hierarchy, file, value, note }) =>
    file === null ? `(${note})` : `${hierarchy} ${file}=${value}`,
  );

/** One row a translation: v1 spelling, v2 spelling, what is written on a v1 (hybrid) and on a v2 host. */
const BOTH_WAYS: [v1: string, v2: string, onV1: string[], onV2: string[]][] = [
  ['memory.limit_in_bytes = 2000000000', 'memory.max = 2000000000', ['memory memory.limit_in_bytes=2000000000'], ['unified memory.max=2000000000']],
  ['memory.limit_in_bytes = 256M', 'memory.max = 256MiB', ['memory memory.limit_in_bytes=268435456'], ['unified memory.max=268435456']],
  ['memory.limit_in_bytes = -1', 'memory.max = max', ['memory memory.limit_in_bytes=-1'], ['unified memory.max=max']],
  ['memory.soft_limit_in_bytes = 1.5G', 'memory.low = 1.5G', ['memory memory.soft_limit_in_bytes=1610612736'], ['unified memory.low=1610612736']],
  ['cpu.shares = 1024', 'cpu.weight = 100', ['cpu cpu.shares=1024'], ['unified cpu.weight=100']],
  ['cpu.shares = 512', 'cpu.weight = 50', ['cpu cpu.shares=512'], ['unified cpu.weight=50']],
  ['cpu.cfs_burst_us = 5000', 'cpu.max.burst = 5000', ['cpu cpu.cfs_burst_us=5000'], ['unified cpu.max.burst=5000']],
  ['cpuset.cpus = 0-1,3', 'cpuset.cpus = 0-1,3', ['cpuset cpuset.cpus=0-1,3'], ['unified cpuset.cpus=0-1,3']],
  ['cpuset.mems = 0', 'cpuset.mems = 0', ['cpuset cpuset.mems=0'], ['unified cpuset.mems=0']],
  ['pids.max = 100', 'pids.max = 100', ['pids pids.max=100'], ['unified pids.max=100']],
  ['pids.max = -1', 'pids.max = max', ['pids pids.max=max'], ['unified pids.max=max']],
  ['blkio.weight = 500', 'io.weight = 100', ['blkio blkio.weight=500'], ['unified io.weight=100']],
  ['blkio.weight_device = 8:0 1000', 'io.weight = 8:0 200', ['blkio blkio.weight_device=8:0 1000'], ['unified io.weight=8:0 200']],
  ['blkio.throttle.read_bps_device = 8:0 1M', 'io.max = 8:0 rbps=1M', ['blkio blkio.throttle.read_bps_device=8:0 1048576'], ['unified io.max=8:0 rbps=1048576']],
  ['blkio.throttle.write_iops_device = 8:16 0', 'io.max = 8:16 wiops=max', ['blkio blkio.throttle.write_iops_device=8:16 0'], ['unified io.max=8:16 wiops=max']],
  ['freezer.state = FROZEN', 'cgroup.freeze = 1', ['freezer freezer.state=FROZEN'], ['unified cgroup.freeze=1']],
]; // biome-ignore format: a table

describe('each key means the same in both spellings on both kinds of host', () => {
  for (const [v1, v2, onV1, onV2] of BOTH_WAYS) {
    test(`${v1} / ${v2}`, () => {
      assert.deepEqual(lines(hybrid, `lxc.cgroup.${v1}`), onV1, 'v1 spelling, v1 host');
      if (!v2.startsWith('cgroup.'))
        assert.deepEqual(lines(hybrid, `lxc.cgroup2.${v2}`), onV1, 'v2 spelling, v1 host');
      assert.deepEqual(
        lines(legacy, `lxc.cgroup2.${v2}`).map((l) => l.split(' ').slice(1).join(' ')),
        onV1.map((l) => l.split(' ').slice(1).join(' ')),
        'v2 spelling, legacy host',
      );
      assert.deepEqual(lines(unified, `lxc.cgroup.${v1}`), onV2, 'v1 spelling, v2 host');
      assert.deepEqual(lines(unified, `lxc.cgroup2.${v2}`), onV2, 'v2 spelling, v2 host');
    });
  }
});

test('v1: memory and swap together are no less than memory alone', () => {
  const faults = (memory: string, both: string) => {
    const key = 'lxc.cgroup.memory';
    const config = `${key}.memsw.limit_in_bytes = ${both}\n${key}.limit_in_bytes = ${memory}`;
    return contradictions(translate(settings(config), hybrid)).map(
      ({ message, line }) => `${line} ${message}`,
    );
  };
  const wrong = (memory: string, both: string) => [
    `1 lxc.cgroup.memory.memsw.limit_in_bytes = ${both}: memory and swap together may not be limited to less than memory alone (lxc.cgroup.memory.limit_in_bytes = ${memory})`,
  ];
  assert.deepEqual(faults('2G', '1G'), wrong('2G', '1G'));
  assert.deepEqual(faults('-1', '1G'), wrong('-1', '1G'));
  for (const [memory, both] of [
    ['1G', '1G'],
    ['1G', '2G'],
    ['1G', '-1'],
    ['-1', '-1'],
  ] as const)
    assert.deepEqual(faults(memory, both), []);
});

test('cpu bandwidth: two files in v1, one in v2', () => {
  const both = 'lxc.cgroup.cpu.cfs_quota_us = 50000\nlxc.cgroup.cpu.cfs_period_us = 200000';
  assert.deepEqual(lines(unified, both), ['unified cpu.max=50000 200000']);
  assert.deepEqual(lines(unified, 'lxc.cgroup.cpu.cfs_quota_us = 50000'), ['unified cpu.max=50000']);
  assert.deepEqual(lines(unified, 'lxc.cgroup.cpu.cfs_quota_us = -1'), ['unified cpu.max=max']);
  assert.deepEqual(lines(unified, 'lxc.cgroup.cpu.cfs_period_us = 50000'), ['unified cpu.max=max 50000']);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.cpu.max = 50000 200000'), [
    'cpu cpu.cfs_period_us=200000',
    'cpu cpu.cfs_quota_us=50000',
  ]);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.cpu.max = max'), ['cpu cpu.cfs_quota_us=-1']);
});

test('swap: v1 limits the sum, v2 the swap', () => {
  const v1 = 'lxc.cgroup.memory.memsw.limit_in_bytes = 3G\nlxc.cgroup.memory.limit_in_bytes = 1G';
  assert.deepEqual(lines(unified, v1), [
    'unified memory.max=1073741824',
    'unified memory.swap.max=2147483648',
  ]);
  assert.deepEqual(lines(hybrid, v1), [
    'memory memory.limit_in_bytes=1073741824',
    'memory memory.memsw.limit_in_bytes=3221225472',
  ]);
  const v2 = 'lxc.cgroup2.memory.swap.max = 2G\nlxc.cgroup2.memory.max = 1G';
  assert.deepEqual(lines(hybrid, v2), [
    'memory memory.limit_in_bytes=1073741824',
    'memory memory.memsw.limit_in_bytes=3221225472',
  ]);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.memory.swap.max = max'), [
    'memory memory.memsw.limit_in_bytes=-1',
  ]);
});

test('swap without a memory limit has no counterpart; below the limit it is a mistake', () => {
  assert.throws(() => lines(unified, 'lxc.cgroup.memory.memsw.limit_in_bytes = 1G'), {
    code: 'CGROUP_UNTRANSLATABLE',
  });
  assert.throws(() => lines(hybrid, 'lxc.cgroup2.memory.swap.max = 0'), { code: 'CGROUP_UNTRANSLATABLE' });
  assert.throws(
    () =>
      lines(unified, 'lxc.cgroup.memory.limit_in_bytes = 2G\nlxc.cgroup.memory.memsw.limit_in_bytes = 1G'),
    { code: 'CGROUP_VALUE', line: 2 },
  );
});

test('kernel memory is in memory.max on v2: implied when it is no tighter, refused otherwise', () => {
  const limit = 'lxc.cgroup.memory.limit_in_bytes = 1G\n';
  assert.match(
    lines(unified, `${limit}lxc.cgroup.memory.kmem.limit_in_bytes = 1G`)[1]!,
    /^\(kernel memory counts/,
  );
  assert.throws(() => lines(unified, `${limit}lxc.cgroup.memory.kmem.limit_in_bytes = 100M`), {
    code: 'CGROUP_UNTRANSLATABLE',
    line: 2,
  });
});

test('shares and weights are clamped to what the other side takes', () => {
  assert.deepEqual(lines(unified, 'lxc.cgroup.cpu.shares = 2'), ['unified cpu.weight=1']);
  assert.deepEqual(lines(unified, 'lxc.cgroup.cpu.shares = 262144'), ['unified cpu.weight=10000']);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.cpu.weight = 1'), ['cpu cpu.shares=10']);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.io.weight = 10000'), ['blkio blkio.weight=1000']);
});

test('a kernel without CFQ has the weight under another name', () => {
  const [write] = translate(settings('lxc.cgroup.blkio.weight = 250'), hybrid);
  assert.deepEqual(write?.otherwise, { file: 'blkio.bfq.weight', value: '50' });
  const [other] = translate(settings('lxc.cgroup.blkio.weight = 250'), unified);
  assert.deepEqual(other?.otherwise, { file: 'io.bfq.weight', value: '50' });
});

test('io.max becomes one write for each limit', () => {
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.io.max = 8:0 rbps=1M wbps=max riops=10 wiops=20'), [
    'blkio blkio.throttle.read_bps_device=8:0 1048576',
    'blkio blkio.throttle.write_bps_device=8:0 0',
    'blkio blkio.throttle.read_iops_device=8:0 10',
    'blkio blkio.throttle.write_iops_device=8:0 20',
  ]);
});

test('a huge page size is carried over', () => {
  assert.deepEqual(lines(unified, 'lxc.cgroup.hugetlb.2MB.limit_in_bytes = 64M'), [
    'unified hugetlb.2MB.max=67108864',
  ]);
  assert.deepEqual(lines(unified, 'lxc.cgroup.hugetlb.1GB.rsvd.limit_in_bytes = 1G'), [
    'unified hugetlb.1GB.rsvd.max=1073741824',
  ]);
  assert.deepEqual(lines(legacy, 'lxc.cgroup2.hugetlb.2MB.max = 64M'), [
    'hugetlb hugetlb.2MB.limit_in_bytes=67108864',
  ]);
});

test('a hybrid host with a controller in the other hierarchy', () => {
  assert.deepEqual(lines(mixed, 'lxc.cgroup.memory.limit_in_bytes = 1G'), ['unified memory.max=1073741824']);
  assert.deepEqual(lines(mixed, 'lxc.cgroup2.memory.max = 1G'), ['unified memory.max=1073741824']);
  assert.deepEqual(lines(mixed, 'lxc.cgroup.pids.max = 10'), ['unified pids.max=10']);
  assert.deepEqual(lines(mixed, 'lxc.cgroup2.cpu.weight = 100'), ['cpu cpu.shares=1024']);
});

test('the wrong prefix is forgiven: the name of the file decides', () => {
  assert.deepEqual(lines(unified, 'lxc.cgroup.memory.max = 1G'), ['unified memory.max=1073741824']);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.cpu.shares = 512'), ['cpu cpu.shares=512']);
});

test("the host's own spelling wins over a translated one, whatever their order", () => {
  const config = 'lxc.cgroup2.memory.max = 2G\nlxc.cgroup.memory.limit_in_bytes = 1G';
  assert.deepEqual(lines(unified, config), ['unified memory.max=2147483648']);
  assert.deepEqual(lines(hybrid, config), ['memory memory.limit_in_bytes=1073741824']);
});

test('the last of several counts, but files with a line for each device keep all', () => {
  assert.deepEqual(lines(hybrid, 'lxc.cgroup.pids.max = 1\nlxc.cgroup.pids.max = 2'), ['pids pids.max=2']);
  assert.equal(lines(unified, 'lxc.cgroup2.io.max = 8:0 rbps=1\nlxc.cgroup2.io.max = 8:16 rbps=1').length, 2);
});

test('an unknown file of a known controller is written as it is in its own version', () => {
  assert.deepEqual(lines(hybrid, 'lxc.cgroup.memory.swappiness = 10'), ['memory memory.swappiness=10']);
  assert.deepEqual(lines(unified, 'lxc.cgroup2.memory.oom.group = 1'), ['unified memory.oom.group=1']);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup2.cgroup.max.depth = 5'), ['unified cgroup.max.depth=5']);
});

describe('what cannot be said on the other layout is refused by name, file, line and reason', () => {
  const REFUSED: [CgroupLayout, string, RegExp][] = [
    [unified, 'lxc.cgroup.memory.swappiness = 10', /memory\.swap\.max/],
    [unified, 'lxc.cgroup.memory.oom_control = 1', /OOM killer/],
    [unified, 'lxc.cgroup.cpu.rt_runtime_us = 100', /realtime/],
    [unified, 'lxc.cgroup.cpuset.memory_migrate = 1', /cpuset/],
    [unified, 'lxc.cgroup.cpuacct.usage = 0', /cpu\.stat/],
    [hybrid, 'lxc.cgroup2.memory.high = 1G', /cannot throttle/],
    [hybrid, 'lxc.cgroup2.memory.min = 1G', /guaranteed/],
    [hybrid, 'lxc.cgroup2.io.latency = 8:0 target=1', /latency/],
    [legacy, 'lxc.cgroup2.cgroup.max.depth = 5', /no v2 hierarchy/],
  ];
  for (const [layout, config, why] of REFUSED) {
    test(`${config} (${layout.kind})`, () => {
      assert.throws(
        () => lines(layout, config),
        (error: { code: string; message: string; file: string; line: number }) => {
          assert.equal(error.code, 'CGROUP_UNTRANSLATABLE');
          assert.ok(error.message.startsWith(config.split(' ')[0]!), error.message);
          assert.match(error.message, why);
          assert.deepEqual([error.file, error.line], ['/c/config', 1]);
          return true;
        },
      );
    });
  }
});

test('a controller that the host lacks is named, with those that it has', () => {
  assert.throws(() => lines(hybrid, 'lxc.cgroup.hugetlb.2MB.limit_in_bytes = 1'), {
    code: 'CONTROLLER_MISSING',
    message: /no hugetlb controller/,
    hint: /blkio, cpu, cpuacct/,
  });
  assert.throws(() => lines(unified, 'lxc.cgroup.net_cls.classid = 1'), { code: 'CONTROLLER_MISSING' });
});

test('values are checked where they are converted or have units', () => {
  for (const config of [
    'lxc.cgroup.memory.limit_in_bytes = lots',
    'lxc.cgroup.memory.limit_in_bytes = 1.5',
    'lxc.cgroup2.memory.max = -2',
    'lxc.cgroup.pids.max = 1.5',
    'lxc.cgroup.blkio.throttle.read_bps_device = sda 1M',
  ])
    assert.throws(() => lines(hybrid, config), { code: 'CGROUP_VALUE', file: '/c/config', line: 1 }, config);
  assert.throws(() => lines(unified, 'lxc.cgroup.cpu.shares = -1'), { code: 'CGROUP_VALUE' });
  assert.throws(() => lines(unified, 'lxc.cgroup2.io.max = 8:0 bps=1'), {
    code: 'CGROUP_VALUE',
    message: /rbps=/,
  });
  assert.throws(() => lines(unified, 'lxc.cgroup2.memory/../../x.y = 1'), { code: 'CGROUP_VALUE' });
});

test('keys that are not limits are left alone', () => {
  assert.deepEqual(
    lines(hybrid, 'lxc.cgroup.dir = a\nlxc.cgroup.relative = 1\nlxc.cgroup.devices.deny = a'),
    [],
  );
});

test('what is in force is asked for where the settings do not say', () => {
  const current = (_: unknown, file: string) =>
    ({ 'memory.max': '1073741824', 'cpu.max': '5000 50000' })[file];
  const one = (config: string) => translate(settings(config), unified, { current })[0]?.value;
  assert.equal(one('lxc.cgroup.memory.memsw.limit_in_bytes = 3G'), '2147483648');
  assert.equal(one('lxc.cgroup.cpu.cfs_quota_us = 10000'), '10000 50000');
  assert.equal(one('lxc.cgroup.cpu.cfs_period_us = 100000'), '5000 100000');
});

test('a name that is nearly that of a file is asked about, a value that cannot be is refused', () => {
  const refused = (layout: CgroupLayout, config: string) => {
    try {
      translate(settings(config), layout);
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string };
      return `${message}${hint ? ` (${hint})` : ''}`;
    }
    return assert.fail(`${config} was taken`);
  };
  assert.match(
    refused(unified, 'lxc.cgroup.memory.limit_in_byte = 1G'),
    /there is no cgroup file memory\.limit_in_byte \(did you mean lxc\.cgroup\.memory\.limit_in_bytes\?\)/,
  );
  assert.match(refused(hybrid, 'lxc.cgroup2.memory.maxx = 1G'), /did you mean lxc\.cgroup2\.memory\.max\?/);
  for (const layout of [unified, hybrid])
    for (const line of [
      'lxc.cgroup.cpu.shares = high',
      'lxc.cgroup2.cpu.weight = 0',
      'lxc.cgroup.cpu.cfs_quota_us = half',
      'lxc.cgroup.cpuset.cpus = one',
      'lxc.cgroup2.cpuset.mems = 1-0',
    ])
      assert.match(refused(layout, line), /: expected /, line);
  assert.deepEqual(lines(hybrid, 'lxc.cgroup.cpu.cfs_quota_us = -5'), ['cpu cpu.cfs_quota_us=-1']);
});
