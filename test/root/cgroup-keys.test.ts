/** The cgroup keys of the config, on whatever layout the host has: limits tried from inside, and where the cgroups are. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { detectLayout, type Hierarchy, unifiedOf } from '../../src/cgroup/layout.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { processesIn } from './harness/leftovers.ts';
import { BIN, run } from './harness/run-command.ts';
import { delay, eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const layout = detectLayout();
const unified = unifiedOf(layout);
const INIT = ['--', '/bin/sleep', '1000'];

/** Paths of a process by hierarchy, as the host sees them. */
function cgroupsOf(pid: number | 'self'): Map<Hierarchy, string> {
  const seen = detectLayout('/', readFileSync(`/proc/${pid}/cgroup`, 'utf8')).hierarchies;
  return new Map(seen.map((hierarchy) => [hierarchy, hierarchy.own]));
}

const paths = async (name: string) => [...new Set(cgroupsOf(await host.initPid(name)).values())];

const TWO_CPUS = availableParallelism() < 2 && 'needs two CPUs';
const ALLOWED = ['c *:* m', 'c 1:3 rwm', 'c 1:5 rwm', 'c 1:9 rwm', 'c 5:* rwm', 'c 136:* rwm'];
const devices = (prefix: string) =>
  [
    // What the image's config includes has rules in both spellings, and the host's own would count.
    ...['lxc.cgroup', 'lxc.cgroup2'].flatMap((one) => [`${one}.devices.deny =`, `${one}.devices.allow =`]),
    `${prefix}.devices.deny = a`,
    ...ALLOWED.map((rule) => `${prefix}.devices.allow = ${rule}`),
  ].join('\n');

/** One file for any host, as the article on limits has it; and the same in the words of version 2. */
const FILES = {
  v1: `lxc.cgroup.memory.limit_in_bytes = 64M
    lxc.cgroup.memory.soft_limit_in_bytes = 32M
    lxc.cgroup.cpuset.cpus = 1
    lxc.cgroup.cpu.shares = 102
    lxc.cgroup.cpu.cfs_period_us = 50000
    lxc.cgroup.pids.max = 30
    ${devices('lxc.cgroup')}`,
  v2: `lxc.cgroup2.memory.max = 64M
    lxc.cgroup2.memory.low = 32M
    lxc.cgroup2.cpuset.cpus = 1
    lxc.cgroup2.cpu.weight = 10
    lxc.cgroup2.cpu.max = max 50000
    lxc.cgroup2.pids.max = 30
    ${devices('lxc.cgroup2')}`,
} as const;

/** What a container's root tries; each line is a word and what came of it. */
const TRIES = `
fill() { mkdir -p /tmp/fill; mount -t tmpfs fill /tmp/fill; dd if=/dev/zero of=/tmp/fill/f bs=1M count=$1 >/dev/null 2>&1 && echo fits || echo full; umount /tmp/fill; }
node() { rm -f /tmp/node; { mknod /tmp/node $* && dd if=/tmp/node bs=1 count=1; } >/dev/null 2>&1 && echo yes || echo no; }
echo cpus $(grep Cpus_allowed_list /proc/self/status | cut -f2)
echo 30M $(fill 30)
echo 100M $(fill 100)
for f in $(find /sys/fs/cgroup -name memory.limit_in_bytes -o -name memory.max -o -name pids.max); do echo max >$f || echo -1 >$f; done 2>/dev/null
echo raised $(fill 100)
echo null $(node c 1 3)
echo full $(node c 1 7)
echo disk $(node b 7 0)
(i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done) 2>/dev/null
set -- /proc/[0-9]*
echo processes $#
`;

for (const [version, limits] of Object.entries(FILES)) {
  test(`limits of a config in the words of ${version}, tried from inside`, {
    skip: skip || TWO_CPUS,
  }, async () => {
    covers('lxc.cgroup.*', 'lxc.cgroup2.*');
    await busybox.make(version, `${limits}\nlxc.mount.auto = cgroup:rw:force\nlxc.cap.drop =`);
    const { code, stderr } = await host.tslxc('start', ['-n', `@${version}`]);
    assert.deepEqual([code, stderr], [0, ''], 'every value is taken as it is');
    const found = Object.fromEntries(
      (await host.inside(version, TRIES)).split('\n').map((line) => line.split(' ') as [string, string]),
    );
    const { processes, ...rest } = found;
    // What the container's root can reach of its cgroups is below the limits: "raised" is as full as before.
    const expected = { cpus: '1', '30M': 'fits', '100M': 'full', raised: 'full' };
    assert.deepEqual(rest, { ...expected, null: 'yes', full: 'no', disk: 'no' });
    assert.ok(Number(processes) > 20 && Number(processes) <= 30, `${processes} processes`);

    const more = version === 'v1' ? 'lxc.cgroup.cpu.shares = 1024' : 'lxc.cgroup2.cpu.weight = 100';
    await busybox.start('rival', `lxc.cgroup.cpuset.cpus = 1\n${more}`, INIT);
    for (const name of [version, 'rival']) await host.inside(name, 'while :; do :; done >/dev/null 2>&1 &');
    const before = [ticks(version), ticks('rival')] as const;
    await delay(seconds(3));
    const [ours, theirs] = [ticks(version) - before[0], ticks('rival') - before[1]];
    assert.ok(theirs / ours > 2.5, `ticks of the CPU: ${ours} with a tenth of the weight, ${theirs}`);
  });
}

/** CPU time in user mode of all that runs in a container. */
function ticks(name: string): number {
  return processesIn(host.name(name)).reduce((sum, { pid }) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return sum + Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11]);
  }, 0);
}

test('a rounding to a page is no warning; what the kernel refuses is an error with key and line', {
  skip,
}, async () => {
  covers('lxc.cgroup.*');
  await busybox.make('round', 'lxc.cgroup.memory.limit_in_bytes = 100000001');
  const rounded = await host.tslxc('start', ['-n', '@round', ...INIT]);
  assert.deepEqual([rounded.code, rounded.stderr], [0, '']);
  await busybox.make('refuse', '# one\nlxc.cgroup2.cpuset.cpus = 900');
  const refused = await host.tslxc('start', ['-n', '@refuse', ...INIT]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /config:\d+(:\d+)?: lxc\.cgroup2\.cpuset\.cpus = 900: .*this host has 0/);
  assert.match(refused.stderr, /this host has/);
});

test('the number of cgroups that a guest makes is bounded', {
  skip: skip || !unified,
}, async () => {
  const bounds = async (config: string) => {
    await busybox.start('many', config, INIT);
    const own = [...cgroupsOf(await host.initPid('many'))].find(([{ id }]) => id === unified!.id)!;
    const limit = join(unified!.mountpoint, dirname(own[1]));
    return ['descendants', 'depth'].map((what) =>
      Number(readFileSync(join(limit, `cgroup.max.${what}`), 'utf8')),
    );
  };
  assert.deepEqual(await bounds(''), [10_000, 64]);
  await host.kill('many');
  // Two of them are those of init and of attached programs.
  assert.deepEqual(await bounds('lxc.cgroup2.cgroup.max.descendants = 4'), [4, 64]);
  const make = 'mkdir /tmp/c; mount -t cgroup2 c /tmp/c; cd /tmp/c; mkdir a b; mkdir c 2>&1; ls -d a b c';
  const made = await host.inside('many', `${make}; true`);
  assert.match(made, /mkdir: .*c.*: Resource temporarily unavailable/);
  assert.deepEqual(made.match(/^[abc]$/gm), ['a', 'b']);
  await host.kill('many');
});

test('lxc.cgroup.dir: below that directory, the hooks beside', { skip }, async () => {
  covers('lxc.cgroup.dir');
  const top = `tslxc-test-${host.mark}`;
  const record = join(host.root, 'dir-record');
  await busybox.start(
    'dir',
    `lxc.cgroup.dir = ${top}/sub\nlxc.hook.start-host = cat /proc/self/cgroup >${record};:`,
    INIT,
  );
  assert.deepEqual(await paths('dir'), [`/${top}/sub/tslxc.payload.${host.name('dir')}/ns`]);
  const hook = cgroupsIn(record);
  assert.deepEqual(hook, [`/${top}/sub/tslxc.monitor.${host.name('dir')}`]);
  await host.kill('dir');
  for (const { mountpoint } of layout.hierarchies) assert.ok(!existsSync(join(mountpoint, top)), mountpoint);
});

/** The cgroups in a copy of /proc/PID/cgroup, each once. */
function cgroupsIn(file: string): string[] {
  const { hierarchies } = detectLayout('/', readFileSync(file, 'utf8'));
  return [...new Set(hierarchies.map(({ own }) => own))];
}

test('the exact cgroups: of the limits, of what the container sees, of the hooks, and a pivot', {
  skip,
}, async () => {
  covers('lxc.cgroup.dir.container', 'lxc.cgroup.dir.container.inner');
  covers('lxc.cgroup.dir.monitor', 'lxc.cgroup.dir.monitor.pivot');
  const top = `tslxc-test-${host.mark}`;
  const record = join(host.root, 'exact-record');
  const config = `lxc.cgroup.dir.container = ${top}/limits
    lxc.cgroup.dir.container.inner = in/side
    lxc.cgroup.dir.monitor = ${top}/hooks
    lxc.cgroup.dir.monitor.pivot = ${top}/leaving
    lxc.hook.pre-start = cat /proc/self/cgroup >${record}; sleep 1000 >/dev/null 2>&1 & :
    lxc.cgroup.pids.max = 99`;
  await busybox.start('exact', config, INIT);
  assert.deepEqual(await paths('exact'), [`/${top}/limits/in/side`]);
  assert.deepEqual(cgroupsIn(record), [`/${top}/hooks`]);
  const pids = layout.hierarchies.find(({ controllers }) => controllers.includes('pids'))!;
  assert.equal(readFileSync(join(pids.mountpoint, top, 'limits/pids.max'), 'utf8'), '99\n');
  assert.match(
    await host.inside('exact', 'cat /proc/1/cgroup'),
    /^\d+:[^:]*:\/$/m,
    'the inner one is its root',
  );
  const [daemon] = readFileSync(join(pids.mountpoint, top, 'hooks/cgroup.procs'), 'utf8')
    .trim()
    .split('\n');

  // A second container cannot have the same cgroup, and does no harm to the first.
  await busybox.make('second', config.replaceAll('pre-start', 'clone'));
  const second = await host.tslxc('start', ['-n', '@second', ...INIT]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /limits cannot be made: it is there already/);
  assert.equal(await host.inside('exact', 'echo alive'), 'alive');

  await host.kill('exact');
  assert.deepEqual(
    readdirSync(join(pids.mountpoint, top), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name),
    ['leaving'],
    'what a hook left is in the pivot',
  );
  assert.equal(readFileSync(join(pids.mountpoint, top, 'leaving/cgroup.procs'), 'utf8').trim(), daemon);
  process.kill(Number(daemon), 'SIGKILL');
  for (const { mountpoint } of layout.hierarchies) {
    await removed(join(mountpoint, top, 'leaving'));
    await removed(join(mountpoint, top));
  }
});

test('lxc.cgroup.dir and an exact cgroup contradict each other', { skip }, async () => {
  await busybox.make('both', 'lxc.cgroup.dir = a\nlxc.cgroup.dir.container = b');
  const { code, stderr } = await host.tslxc('start', ['-n', '@both', ...INIT]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /config:\d+:\d+: lxc\.cgroup\.dir\.container cannot be set together with lxc\.cgroup\.dir/,
  );
});

test('lxc.cgroup.relative: below the cgroup of the caller, also after a reboot', {
  skip,
}, async () => {
  covers('lxc.cgroup.relative');
  // The manager is there already, and somewhere else.
  await host.ok('start', ['-n', `@${await stopped('other')}`, ...INIT]);
  const top = `tslxc-test-${host.mark}-caller`;
  // A cgroup with processes cannot have limits below it on v2: there the caller is beside what it asks for.
  const places = layout.hierarchies.map(({ mountpoint, version, controllers }) => ({
    version,
    directory: join(mountpoint, top),
    cpuset: version === 1 && controllers.includes('cpuset'),
  }));
  for (const { directory, cpuset } of places) {
    mkdirSync(directory);
    if (cpuset)
      for (const file of ['cpuset.cpus', 'cpuset.mems'])
        writeFileSync(join(directory, file), readFileSync(join(directory, '..', file)));
  }
  try {
    await busybox.make('relative', 'lxc.cgroup.relative = 1\nlxc.init.cmd = /bin/busybox init');
    const enter = places.map(({ directory }) => `echo 0 >${directory}/cgroup.procs`).join(' && ');
    const start = `${BIN}/tslxc-start -P ${host.lxcpath} -n ${host.name('relative')}`;
    const { code, stderr } = await run('sh', ['-c', `${enter} && exec ${start}`], { env: host.env });
    assert.equal(code, 0, stderr);
    const expected = [`/${top}/tslxc.payload.${host.name('relative')}/ns`];
    assert.deepEqual(await paths('relative'), expected);
    const before = await host.initPid('relative');
    await host.ok('stop', ['-n', '@relative', '-r']);
    assert.notEqual(await host.initPid('relative'), before);
    assert.deepEqual(await paths('relative'), expected);
    await host.kill('relative');
  } finally {
    for (const { directory } of places) await removed(directory);
  }
});

/** A killed process leaves its cgroup some time after the kill. */
async function removed(directory: string): Promise<void> {
  await eventually(`${directory} is empty`, () => {
    try {
      rmdirSync(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return undefined;
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return true;
  });
}

async function stopped(name: string): Promise<string> {
  await busybox.make(name);
  return name;
}

test('the system file: lxc.cgroup.pattern, lxc.cgroup.naming and lxc.cgroup.use', { skip }, async () => {
  covers('lxc.cgroup.pattern', 'lxc.cgroup.naming', 'lxc.cgroup.use');
  const system = join(host.root, 'tslxc.conf');
  const other = new ContainerHost({ manual: true });
  /** A manager of its own, that sees this system file. */
  const start = async (text: string) => {
    await other.endManager();
    writeFileSync(system, text);
    const script = `mkdir -p /etc/tslxc && mount -t tmpfs etc /etc/tslxc && cp ${system} /etc/tslxc/tslxc.conf && exec ${BIN}/tslxc-start -P ${host.lxcpath} -n ${host.name('system')} -- /bin/sleep 1000`;
    return run('unshare', ['-m', 'sh', '-c', script], { env: other.env });
  };
  try {
    await busybox.make('system', 'lxc.cgroup.pids.max = 50');
    const first = await start(`lxc.cgroup.pattern = tslxc-${host.mark}/%n\n`);
    assert.equal(first.code, 0, first.stderr);
    const pid = async () =>
      Number(
        (
          await run(`${BIN}/tslxc-info`, ['-P', host.lxcpath, '-n', host.name('system'), '-p', '-H'], {
            env: other.env,
          })
        ).stdout,
      );
    const own = [...new Set(cgroupsOf(await pid()).values())];
    assert.deepEqual(own, [`/tslxc-${host.mark}/${host.name('system')}/payload/ns`]);
    const stop = () =>
      run(`${BIN}/tslxc-stop`, ['-P', host.lxcpath, '-n', host.name('system'), '-k'], { env: other.env });
    assert.equal((await stop()).code, 0);

    const named = await start('lxc.cgroup.naming = lxc\n');
    assert.equal(named.code, 0, named.stderr);
    const payload = `lxc.payload.${host.name('system')}`;
    assert.deepEqual([...new Set(cgroupsOf(await pid()).values())], [`/${payload}/ns`]);
    assert.equal((await stop()).code, 0);

    const second = await start('lxc.cgroup.use = pids\n');
    assert.equal(second.code, 0, second.stderr);
    const used = [...cgroupsOf(await pid())].filter(([, path]) => path.includes(host.mark));
    for (const [{ version, controllers }] of used)
      assert.ok(version === 2 || controllers.join() === 'pids', controllers.join());
    assert.ok(used.some(([{ controllers }]) => controllers.includes('pids')));
    assert.equal((await stop()).code, 0);

    const third = await start('lxc.cgroup.use = memory\n');
    assert.equal(third.code, 1);
    assert.match(third.stderr, /lxc\.cgroup\.pids\.max.*lxc\.cgroup\.use leaves it out/);
    const fourth = await start('lxc.cgroup.use = memory, warp\n');
    assert.equal(fourth.code, 1);
    assert.match(fourth.stderr, /tslxc\.conf:1:18: lxc\.cgroup\.use names the controller warp/);
  } finally {
    await other.dispose();
  }
});
