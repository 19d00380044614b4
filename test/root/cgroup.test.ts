/**
 * The cgroup room against the real kernel, on whatever layout the host has: run it as root on a v1, hybrid or v2 host.
 * Everything made is below tslxc.payload.test-PID-*.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import {
  applyDevices,
  applyLimits,
  attachFiles,
  type CgroupPlan,
  createCgroup,
  delegate,
  enterFiles,
  freeze,
  getItem,
  isFrozen,
  killAll,
  type PlanOptions,
  pidsOf,
  planCgroup,
  removeCgroup,
  setItem,
  statistics,
  unfreeze,
} from '../../src/cgroup/container-cgroup.ts';
import { deviceRules } from '../../src/cgroup/device-rules.ts';
import { detectLayout, hierarchyOf, unifiedOf } from '../../src/cgroup/layout.ts';
import { translate } from '../../src/cgroup/translate.ts';
import { linuxKernel } from '../../src/kernel/linux.ts';
import { settings } from '../cgroup/layouts.ts';

const kernel = linuxKernel();
const layout = detectLayout();
const isV2 = (controller: string) => hierarchyOf(layout, 2, controller) !== undefined;
const skip = process.getuid?.() !== 0 && 'needs root';
const scratch = mkdtempSync(join(tmpdir(), 'tslxc-cgroup-'));
const plans: CgroupPlan[] = [];
let made = 0;

/** Plan, journal (here: `plans`), creation and limits, as a start does them. */
function start(config = '', options: PlanOptions = {}) {
  const given = config.trim() ? settings(config) : [];
  const devices = deviceRules(given, layout);
  const plan = planCgroup(layout, `test-${process.pid}-${made++}`, { ...options, devices });
  plans.push(plan);
  createCgroup(plan);
  return { plan, notes: applyLimits(plan, translate(given, layout)) };
}

const entering = (plan: CgroupPlan, script: string, files = enterFiles(plan)) =>
  `${files.map((file) => `echo 0 > ${file}`).join(' && ')} && { ${script}\n}`;

/** Runs a shell script inside the cgroups to its end. */
function inside(plan: CgroupPlan, script: string) {
  const { status, signal, stdout, stderr } = spawnSync('sh', ['-c', entering(plan, script)], {
    encoding: 'utf8',
  });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** Leaves a script running inside. It says "ready" when it is. */
async function background(plan: CgroupPlan, script: string): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', entering(plan, `echo ready; ${script}`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  return child;
}

afterEach(async () => {
  for (const plan of plans.splice(0)) {
    await killAll(kernel, plan);
    await removeCgroup(plan);
    for (const { limit } of plan.hierarchies) assert.ok(!existsSync(limit), limit);
  }
});

after(() => rmSync(scratch, { recursive: true, force: true }));

test('made in every hierarchy, removed again, and once more without complaint', { skip }, async () => {
  const { plan } = start();
  assert.equal(plan.hierarchies.length, layout.hierarchies.length);
  for (const { inner } of plan.hierarchies) assert.ok(existsSync(inner), inner);
  const again = planCgroup(layout, `test-${process.pid}-${made - 1}`);
  assert.match(again.hierarchies[0]!.limit, /-1$/, 'a second one of the name gets a suffix');
  assert.throws(() => createCgroup(plan), { errno: 'EEXIST' });
  assert.ok(existsSync(plan.hierarchies[0]!.inner), 'and the failed creation took nothing away');
  await removeCgroup(plan);
  await removeCgroup(plan);
});

test('lxc.cgroup.dir is made and goes with the container', { skip }, async () => {
  const { plan } = start('', { dir: `tslxc.payload.test-${process.pid}-dir/sub` });
  const top = join(plan.hierarchies[0]!.mountpoint, `tslxc.payload.test-${process.pid}-dir`);
  assert.ok(existsSync(join(top, 'sub')));
  await removeCgroup(plan);
  assert.ok(!existsSync(top));
});

test('the inner cgroups are handed over, the limits are not', { skip }, () => {
  const { plan } = start();
  delegate(plan, 100000, 100001);
  for (const { inner, limit } of plan.hierarchies) {
    assert.deepEqual([statSync(inner).uid, statSync(inner).gid], [100000, 100001], inner);
    assert.equal(statSync(join(inner, 'cgroup.procs')).uid, 100000);
    assert.equal(statSync(limit).uid, 0);
    assert.equal(statSync(join(limit, 'cgroup.procs')).uid, 0);
  }
  const memory = plan.hierarchies.find(({ controllers }) => controllers.includes('memory'))!;
  const file = join(memory.inner, isV2('memory') ? 'memory.max' : 'memory.limit_in_bytes');
  assert.equal(statSync(file).uid, 0, 'also not the files with limits in the inner one');
});

for (const [name, config] of [
  [
    'v1',
    `lxc.cgroup.memory.limit_in_bytes = 2000000000
     lxc.cgroup.cpuset.cpus = 1
     lxc.cgroup.cpu.shares = 512
     lxc.cgroup.cpu.cfs_quota_us = 50000
     lxc.cgroup.pids.max = 77`,
  ],
  [
    'v2',
    `lxc.cgroup2.memory.max = 2000000000
     lxc.cgroup2.cpuset.cpus = 1
     lxc.cgroup2.cpu.weight = 50
     lxc.cgroup2.cpu.max = 50000
     lxc.cgroup2.pids.max = 77`,
  ],
] as const) {
  test(`one config in ${name} spelling: in force, and read back in both spellings`, { skip }, () => {
    const { plan, notes } = start(config);
    assert.deepEqual(notes, [], 'that the kernel rounds to whole pages is no news');
    assert.equal(getItem(plan, 'memory.limit_in_bytes'), '1999998976');
    assert.equal(getItem(plan, 'memory.max'), '1999998976');
    assert.equal(getItem(plan, 'cpu.shares'), '512');
    assert.equal(getItem(plan, 'cpu.weight'), '50');
    assert.equal(getItem(plan, 'cpu.cfs_quota_us'), '50000');
    assert.equal(getItem(plan, 'cpu.max'), '50000 100000');
    assert.equal(getItem(plan, 'lxc.cgroup.cpuset.cpus'), '1');
    assert.equal(getItem(plan, 'pids.max'), '77');
    assert.equal(inside(plan, 'grep Cpus_allowed_list /proc/self/status').stdout.split('\t')[1], '1');
  });
}

test('limits of a running container: set, widened, narrowed', { skip }, () => {
  const { plan } = start('lxc.cgroup.cpuset.cpus = 1');
  const allowed = () => inside(plan, 'grep Cpus_allowed_list /proc/self/status').stdout.split('\t')[1];
  assert.deepEqual(setItem(kernel, plan, 'cpuset.cpus', '0-1').notes, []);
  assert.equal(allowed(), '0-1');
  // A cgroup that the guest made (a nested container) would be in the way on v1.
  const cpuset = plan.hierarchies.find(({ controllers }) => controllers.includes('cpuset'))!;
  mkdirSync(join(cpuset.inner, 'nested'));
  setItem(kernel, plan, 'lxc.cgroup2.cpuset.cpus', '0');
  assert.equal(allowed(), '0');
  setItem(kernel, plan, 'memory.limit_in_bytes', '64M');
  setItem(kernel, plan, 'memory.max', '96M');
  assert.equal(getItem(plan, 'memory.limit_in_bytes'), String(96 << 20));
  // A rounding to a page is no note.
  assert.deepEqual(setItem(kernel, plan, 'memory.max', '100000000').notes, []);
  assert.equal(getItem(plan, 'memory.max'), String(100000000 - (100000000 % 4096)));
});

test('limits show in the cgroup that the container sees, and bind above it', { skip }, () => {
  const { plan } = start(
    'lxc.cgroup2.memory.max = 256M\nlxc.cgroup2.pids.max = 30\nlxc.cgroup2.cpu.max = 50000 100000\n',
  );
  const at = (place: 'limit' | 'inner', controller: string, v1: string, v2: string) => {
    const version = isV2(controller) ? 2 : 1;
    const own = plan.hierarchies.find((h) => h.version === version && h.controllers.includes(controller))!;
    return join(own[place], version === 2 ? v2 : v1);
  };
  const files = (place: 'limit' | 'inner') => ({
    memory: at(place, 'memory', 'memory.limit_in_bytes', 'memory.max'),
    pids: at(place, 'pids', 'pids.max', 'pids.max'),
    cpu: at(place, 'cpu', 'cpu.cfs_quota_us', 'cpu.max'),
  });
  const read = (place: 'limit' | 'inner') =>
    Object.values(files(place)).map((file) => readFileSync(file, 'utf8').trim().split(' ')[0]);
  const asked = [String(256 * 2 ** 20), '30', '50000'];
  assert.deepEqual([read('limit'), read('inner')], [asked, asked]);

  // From inside a copy can be raised, and nothing comes of it.
  const inner = files('inner');
  writeFileSync(inner.pids, 'max');
  writeFileSync(inner.cpu, isV2('cpu') ? 'max 100000' : '-1');
  assert.deepEqual(read('limit'), asked);
  const forks = inside(plan, 'for i in $(seq 60); do sleep 5 & done; jobs -p | wc -l; kill $(jobs -p)');
  assert.doesNotMatch(forks.stdout, /^60$/, 'the limit above binds');

  // Both follow a change, also below a quota that the guest has set itself.
  setItem(kernel, plan, 'pids.max', '20');
  mkdirSync(join(inner.cpu, '../own'));
  if (!isV2('cpu')) writeFileSync(join(inner.cpu, '../own/cpu.cfs_quota_us'), '40000');
  for (const [quota, memory] of [
    ['20000', '128M'],
    ['80000', '512M'],
  ] as const) {
    setItem(kernel, plan, 'lxc.cgroup2.cpu.max', `${quota} 100000`);
    setItem(kernel, plan, 'lxc.cgroup2.memory.max', memory);
    const now = [String(Number.parseInt(memory, 10) * 2 ** 20), '20', quota];
    assert.deepEqual([read('limit'), read('inner')], [now, now]);
  }
});

test('what the kernel refuses is an error with key, line and reason', { skip }, () => {
  const refused = (config: string) => {
    try {
      start(config);
    } catch (error) {
      return error as { code: string; message: string; file: string; line: number; errno: string };
    }
    return assert.fail('it was taken');
  };
  const cpus = refused('lxc.cgroup.pids.max = 5\nlxc.cgroup.cpuset.cpus = 4000');
  assert.deepEqual([cpus.code, cpus.file, cpus.line], ['CGROUP_VALUE', '/c/config', 2]);
  assert.match(cpus.message, /^lxc\.cgroup\.cpuset\.cpus = 4000: .*this host has 0/);
  assert.match(refused('lxc.cgroup2.cpu.weight = 0').message, /lxc.cgroup2.cpu.weight = 0: /);
  assert.equal(refused('lxc.cgroup.cpu.cfs_quota_us = 1').code, 'CGROUP_VALUE');
  const unknown = isV2('memory') ? 'lxc.cgroup2.memory.nonsense = 1' : 'lxc.cgroup.memory.nonsense = 1';
  assert.match(refused(unknown).message, /no file memory\.nonsense/);
});

test('block devices: limits by device, weights on a kernel with other names for them', { skip }, (t) => {
  const disk = readdirSync('/sys/block').find((name) => /^(sd|vd|nvme|xvd)/.test(name));
  if (!disk) return t.skip('no disk');
  const device = readFileSync(`/sys/block/${disk}/dev`, 'utf8').trim();
  for (const config of [
    `lxc.cgroup.blkio.throttle.read_bps_device = ${device} 1M\nlxc.cgroup.blkio.throttle.write_iops_device = ${device} 50`,
    `lxc.cgroup2.io.max = ${device} rbps=1M wiops=50`,
  ]) {
    const { plan, notes } = start(config);
    assert.deepEqual(notes, []);
    const [bps, iops] = isV2('io')
      ? [getItem(plan, 'io.max'), getItem(plan, 'io.max')]
      : [getItem(plan, 'blkio.throttle.read_bps_device'), getItem(plan, 'blkio.throttle.write_iops_device')];
    assert.match(bps, /1048576/);
    assert.match(iops, /50/);
    setItem(kernel, plan, 'io.max', `${device} rbps=max wiops=max`);
  }
  const weights = ['io.weight', 'io.bfq.weight', 'blkio.weight', 'blkio.bfq.weight'];
  const { plan } = start();
  const { limit } = plan.hierarchies.find(({ controllers }) =>
    controllers.some((name) => /^(blk)?io$/.test(name)),
  )!;
  if (!weights.some((name) => existsSync(join(limit, name)))) return;
  setItem(kernel, plan, 'blkio.weight', '250');
  assert.ok(
    weights.some((name) => /\b(250|50)\b/.test(existsSync(join(limit, name)) ? getItem(plan, name) : '')),
  );
});

test('a value that the kernel takes and ignores is told', { skip: skip || isV2('memory') }, () => {
  const { notes } = start('lxc.cgroup.memory.kmem.limit_in_bytes = 64M');
  for (const note of notes) assert.match(note.why ?? '', /ignores it/);
});

test('pids.max stops a fork bomb', { skip }, async () => {
  const { plan } = start('lxc.cgroup.pids.max = 10');
  const { stderr } = inside(
    plan,
    'i=0; while [ $i -lt 20 ]; do sleep 100 > /dev/null 2>&1 & i=$((i+1)); done',
  );
  assert.match(stderr, /fork/i);
  assert.equal(statistics(plan).pids, BigInt(pidsOf(plan).length));
  assert.ok(pidsOf(plan).length <= 10);
  assert.deepEqual(await killAll(kernel, plan), []);
  assert.deepEqual(pidsOf(plan), []);
});

test('memory: what overflows is killed inside, nothing outside, and it shows', { skip }, () => {
  const { plan } = start('lxc.cgroup.memory.limit_in_bytes = 64M');
  const neighbour = spawn('sleep', ['100']);
  const fill =
    'mount -t tmpfs fill /mnt && dd if=/dev/zero of=/mnt/fill bs=1M count=300 2>/dev/null; echo $?';
  const result = inside(plan, `unshare -m sh -c '${fill}'`);
  assert.notEqual(result.stdout, '0');
  assert.ok(statistics(plan).oomKills! >= 1n, 'counted');
  assert.ok(statistics(plan).memoryLimitHits! >= 1n);
  assert.equal(statistics(plan).memoryLimitBytes, 64n << 20n);
  assert.equal(neighbour.exitCode ?? neighbour.signalCode, null);
  neighbour.kill();
});

const NODES = `cd ${scratch} && rm -f null full loop && mknod null c 1 3 && mknod full c 1 7 && mknod loop b 7 0`;
const OPENS = '(: < null) && echo null; (: < full) && echo full; (: < loop) && echo loop; true';
const devicesIn = (plan: CgroupPlan) =>
  inside(plan, `${NODES} && { ${OPENS}; }`).stdout.split('\n').filter(Boolean).join(' ');

/** The same plan on the v2 hierarchy only: on a hybrid host this is the program's turn. */
const byProgram = (plan: CgroupPlan): CgroupPlan => ({
  ...plan,
  hierarchies: plan.hierarchies.filter(({ version }) => version === 2),
});

for (const spelling of ['cgroup', 'cgroup2']) {
  const allow = (rule: string) => `\nlxc.${spelling}.devices.allow = ${rule}`;
  const allowlist = `lxc.${spelling}.devices.deny = a${allow('c *:* m')}${allow('b *:* m')}${allow('c 1:3 rwm')}`;

  test(`devices: an allowlist (${spelling}), changed while running`, { skip }, () => {
    let { plan } = start(allowlist);
    assert.equal(
      devicesIn(plan),
      'null full loop'.replace(' loop', existsSync('/dev/loop0') ? ' loop' : ''),
      'before',
    );
    assert.deepEqual(applyDevices(kernel, plan), []);
    assert.equal(devicesIn(plan), 'null');
    assert.equal(getItem(plan, 'devices.list').split('\n').sort().join(';'), 'b *:* m;c *:* m;c 1:3 rwm');
    ({ plan } = setItem(kernel, plan, 'devices.allow', 'c 1:7 r'));
    assert.equal(devicesIn(plan), 'null full');
    ({ plan } = setItem(kernel, plan, 'devices.deny', 'c 1:7 r'));
    ({ plan } = setItem(kernel, plan, 'devices.deny', 'c *:* m'));
    assert.match(inside(plan, NODES).stderr, /full/, 'and no other node can be made');
    applyDevices(kernel, plan, plan.devices);
    assert.match(inside(plan, NODES).stderr, /full/, 'again changes nothing');
  });
}

test('devices: a later permission reaches cgroups of the guest that it has not restricted itself', {
  skip,
}, () => {
  let { plan } = start(
    'lxc.cgroup.devices.deny = a\nlxc.cgroup.devices.allow = c *:* m\nlxc.cgroup.devices.allow = c 1:3 rwm',
  );
  applyDevices(kernel, plan);
  const devices = plan.hierarchies.find(({ controllers }) => controllers.includes('devices'));
  if (!devices) return; // v2: one program for all
  for (const name of ['plain', 'plain/below', 'strict']) mkdirSync(join(devices.inner, name));
  writeFileSync(join(devices.inner, 'strict/devices.deny'), 'c 1:3 rw');
  ({ plan } = setItem(kernel, plan, 'devices.allow', 'c 1:7 r'));
  const list = (name: string) => readFileSync(join(devices.inner, name, 'devices.list'), 'utf8');
  assert.match(list('plain/below'), /c 1:7 r/);
  assert.doesNotMatch(list('strict'), /1:7/);
  setItem(kernel, plan, 'devices.deny', 'c 1:7 r');
  assert.doesNotMatch(list('plain/below'), /1:7/);
});

test('devices: a denylist', { skip }, () => {
  let { plan } = start('lxc.cgroup.devices.deny = c 1:7 r');
  applyDevices(kernel, plan);
  assert.ok(!devicesIn(plan).includes('full'));
  assert.ok(devicesIn(plan).includes('null'));
  ({ plan } = setItem(kernel, plan, 'devices.allow', 'c 1:7 r'));
  assert.ok(devicesIn(plan).includes('full'));
});

test('devices: the program, on any host with a v2 hierarchy', { skip: skip || !unifiedOf(layout) }, () => {
  const { plan } = start();
  const rules = settings('lxc.cgroup2.devices.deny = a\nlxc.cgroup2.devices.allow = c 1:3 rwm');
  const some = { ...byProgram(plan), devices: deviceRules(rules, layout) };
  applyDevices(kernel, some);
  assert.match(inside(plan, NODES).stderr, /full/);
  assert.equal(inside(plan, '(: < /dev/null) && echo open').stdout, 'open');
  const none = { ...some, devices: [] };
  applyDevices(kernel, none, some.devices);
  assert.ok(devicesIn(plan).includes('null full'), 'taken off again');
});

test('freeze, unfreeze, and kill a frozen container', { skip }, async () => {
  const { plan } = start();
  await background(plan, 'while :; do :; done');
  assert.ok(!isFrozen(plan));
  await freeze(plan);
  assert.ok(isFrozen(plan));
  assert.equal(getItem(plan, 'freezer.state'), 'FROZEN');
  const used = statistics(plan).cpuNs!;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(statistics(plan).cpuNs! - used < 50_000_000n, 'no time is used');
  assert.ok(await unfreeze(plan));
  assert.ok(!isFrozen(plan));
  setItem(kernel, plan, 'freezer.state', 'FROZEN');
  for (let tries = 0; !isFrozen(plan); tries++) {
    assert.ok(tries < 100, 'frozen by its file as well');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(await killAll(kernel, plan), []);
});

test('statistics', { skip }, async () => {
  const { plan } = start();
  await background(plan, `head -c 20000000 /dev/urandom > /dev/null; sleep 100`);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const now = statistics(plan);
  assert.ok(now.cpuNs! > 1_000_000n, `cpu ${now.cpuNs}`);
  assert.ok(now.cpuSystemNs! > 0n);
  assert.ok(now.memoryBytes! > 10_000n);
  assert.equal(now.memoryLimitBytes, undefined);
  assert.ok(now.kernelMemoryBytes! > 0n);
  assert.equal(now.pids, 2n);
  assert.equal(now.oomKills, 0n);
  assert.equal(now.swapBytes, 0n);
  assert.equal(typeof now.blockIoBytes, 'bigint');
});

test('a container with processes is not removed: they are named', { skip }, async () => {
  const { plan } = start();
  const child = await background(plan, 'sleep 100');
  await assert.rejects(removeCgroup(plan), {
    code: 'STOP_TIMEOUT',
    message: new RegExp(`${child.pid} \\(sh\\)`),
  });
  assert.ok(pidsOf(plan).includes(child.pid!));
});

test('what the guest made goes too, however deep', { skip }, async () => {
  const { plan } = start();
  const { inner } = plan.hierarchies.find(({ controllers }) => controllers.includes('pids'))!;
  const script = `
    process.chdir('${inner}');
    for (let i = 0; i < 120; i++) { fs.mkdirSync('d'.repeat(60)); process.chdir('d'.repeat(60)); }`;
  const { stderr, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.equal(pidsOf(plan).length, 0, 'looked at all of them');
  await removeCgroup(plan);
});

test('an attached process finds a place although init hands controllers down', { skip }, () => {
  const { plan } = start();
  for (const { version, inner, controllers } of plan.hierarchies) {
    if (version !== 2 || controllers.length === 0) continue;
    // One that takes whole processes only: cpu or pids would let some stay.
    const controller = ['memory', 'hugetlb'].find((name) => controllers.includes(name));
    if (!controller) continue;
    writeFileSync(join(inner, 'cgroup.subtree_control'), `+${controller}`);
    // What a hostile guest may have prepared under our name.
    mkdirSync(join(inner, '.tslxc'));
    writeFileSync(join(inner, '.tslxc', 'cgroup.subtree_control'), `+${controller}`);
    assert.throws(() => writeFileSync(join(inner, 'cgroup.procs'), '0'), { code: 'EBUSY' });
  }
  const files = attachFiles(plan);
  const { stdout } = spawnSync('sh', ['-c', entering(plan, 'echo in', files)], { encoding: 'utf8' });
  assert.equal(stdout, 'in\n');
});

test('v2: processes in the way of a controller are named', { skip: skip || !isV2('memory') }, async () => {
  const busy = `/sys/fs/cgroup/tslxc.payload.test-${process.pid}-busy`;
  mkdirSync(busy);
  const child = spawn('sleep', ['100']);
  try {
    writeFileSync(join(busy, 'cgroup.procs'), String(child.pid));
    const own = layout.hierarchies.map((h) => ({ ...h, own: busy.slice(h.mountpoint.length) }));
    const plan = planCgroup({ ...layout, hierarchies: own }, 'x', { relative: true });
    assert.throws(() => createCgroup(plan, ['memory']), {
      code: 'CONTROLLER_MISSING',
      message: new RegExp(`EBUSY.*${child.pid} \\(sleep\\)`),
    });
    assert.ok(!existsSync(plan.hierarchies[0]!.limit), 'taken back');
    const missing = createCgroup(plan);
    assert.ok(missing.some(({ controller }) => controller === 'memory'));
    assert.throws(() => applyLimits(plan, translate(settings('lxc.cgroup2.memory.max = 1G'), layout)), {
      code: 'CONTROLLER_MISSING',
      line: 1,
    });
    await removeCgroup(plan);
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    rmdirSync(busy);
  }
});

test('the manager goes into its own cgroup and leaves it', { skip }, () => {
  const source = `
    import { enterMonitorCgroup, leaveAndRemoveMonitorCgroup } from '${join(import.meta.dirname, '../../src/cgroup/monitor-cgroup.ts')}';
    import { detectLayout } from '${join(import.meta.dirname, '../../src/cgroup/layout.ts')}';
    import { readFileSync } from 'node:fs';
    const own = () => readFileSync('/proc/self/cgroup', 'utf8');
    const monitor = enterMonitorCgroup();
    const inside = own();
    const seen = detectLayout().hierarchies.every((h) => !h.own.includes('tslxc.monitor'));
    leaveAndRemoveMonitorCgroup(monitor);
    console.log(JSON.stringify({ monitor, inside, seen, after: own() }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  assert.ok(stdout, stderr);
  const { monitor, inside, seen, after: left } = JSON.parse(stdout);
  assert.equal(monitor.entered.length, layout.hierarchies.length, JSON.stringify(monitor.skipped));
  for (const line of inside.trim().split('\n')) assert.match(line, /\/tslxc\.monitor$/);
  assert.ok(seen, 'which does not count as where it came from');
  assert.ok(!left.includes('tslxc.monitor'));
});

test('the texts of this host are understood', { skip }, () => {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n').length;
  assert.ok(layout.hierarchies.length <= lines);
  for (const { mountpoint, own } of layout.hierarchies)
    assert.ok(existsSync(join(mountpoint, own)), mountpoint + own);
});
