/** What the processes of a container are and may do, as the keys say: read from inside, or of init from the host. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bindLibrary } from '../../src/kernel/binding.ts';
import { SYS } from '../../src/kernel/constants.ts';
import { linuxKernel } from '../../src/kernel/linux.ts';
import { fn } from '../../src/kernel/signatures.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { mountsOf, statusField } from './harness/leftovers.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const INIT = ['--', '/bin/sleep', '1000'];
const USERNS = 'lxc.include = /usr/share/tslxc/config/userns.conf';
const MAP = `${USERNS}\nlxc.idmap = b 0 100000 65536`;

/** Of this process, and so of the manager that our commands start. */
function sessionKeyring(): string | undefined {
  const [GET_KEYRING_ID, SESSION] = [0, -3];
  const libc = bindLibrary('libc.so.6', { syscall: fn('syscall', 'long', 'long', 'long', 'long', 'long') });
  try {
    return libc!.syscall(SYS.keyctl, GET_KEYRING_ID, SESSION, 0).toString(16).padStart(8, '0');
  } catch {
    return undefined;
  }
}

test('a session keyring of its own, for attached programs too; with 0 the one of the manager', {
  skip: skip || (sessionKeyring() === undefined ? 'no session keyring here' : false),
}, async () => {
  covers('lxc.keyring.session');
  const ours = sessionKeyring()!;
  const sees = async (short: string) =>
    (await host.inside(short, 'cat /proc/keys')).split('\n').some((line) => line.startsWith(ours));
  // Another user sees only what it possesses, and no keys of users that are not in its map at all.
  // Without the entries of common.conf, which mask /proc/keys.
  const map = `${USERNS}\nlxc.mount.entry =\nlxc.idmap = b 0 100000 1000\nlxc.idmap = b 1000 0 1`;
  await busybox.start('keyless', map, INIT);
  assert.equal(await sees('keyless'), false);
  await busybox.start('keyring', `${map}\nlxc.keyring.session = 0`, [
    '--',
    '/bin/sh',
    '-c',
    'cat /proc/keys >/root/keys; sleep 1000',
  ]);
  assert.equal(await sees('keyring'), true);
  assert.match(await host.inside('keyring', 'cat /root/keys'), new RegExp(`^${ours} `, 'm'));
});

test('files of init in /proc', { skip }, async () => {
  covers('lxc.proc.*');
  await busybox.start('proc', 'lxc.proc.oom_score_adj = 500\nlxc.proc.coredump_filter = 0x1', INIT);
  assert.equal(await host.inside('proc', 'cat /proc/1/oom_score_adj'), '500');
  assert.equal(
    readFileSync(`/proc/${await host.initPid('proc')}/coredump_filter`, 'utf8').trim(),
    '00000001',
  );
  for (const [line, message] of [
    ['lxc.proc.nonsense = 1', /config:\d+: lxc\.proc\.nonsense: .* of init: it does not exist/],
    ['lxc.proc.oom_score_adj = much', /config:\d+: .*EINVAL/],
    ['lxc.proc.cwd.etc.passwd = x', /config:\d+: .*too many symbolic links/],
  ] as const) {
    busybox.reconfigure('proc', line);
    await host.kill('proc');
    const { code, stderr } = await host.tslxc('start', ['-n', '@proc', ...INIT]);
    assert.equal(code, 1, line);
    assert.match(stderr, message);
    assert.match(stderr, /hint: /);
  }
});

/** Lowering an OOM score takes CAP_SYS_RESOURCE. */
const scores = skip || !canLowerScore() ? 'needs CAP_SYS_RESOURCE' : false;
test('the OOM killer spares the manager and its keeper, and nothing that they start', {
  skip: scores,
}, async () => {
  await busybox.start(
    'score',
    `lxc.hook.pre-start = /bin/sh -c 'cat /proc/self/oom_score_adj >${host.root}/score'`,
    INIT,
  );
  const score = (pid: number | string) => readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim();
  assert.equal(score(await host.initPid('score')), '0');
  assert.equal(await host.inside('score', 'cat /proc/self/oom_score_adj'), '0');
  assert.equal(readFileSync(`${host.root}/score`, 'utf8').trim(), '0');
  const [manager, keeper, forks] = [host.managerPid(), host.keeperPid(), host.forkServerPid()];
  assert.deepEqual([score(manager!), score(keeper!), score(forks!)], ['-500', '-500', '0']);
  await host.kill('score');
});

function canLowerScore(): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', 'echo -500 >/proc/self/oom_score_adj'], { stdio: 'ignore' });
  return status === 0;
}

test('groups of init', { skip }, async () => {
  covers('lxc.init.groups');
  await busybox.start('groups', 'lxc.init.groups = 7,8\nlxc.init.uid = 1000\nlxc.init.gid = 1001', INIT);
  const status = await host.inside('groups', 'grep -E "^(Uid|Gid|Groups)" /proc/1/status');
  assert.match(status, /Uid:\s+1000\s[\s\S]*Gid:\s+1001\s[\s\S]*Groups:\s+7 8/);
});

test('parameters of the kernel that are not the container’s alone are told', { skip }, async () => {
  await busybox.make('sysctl', 'lxc.sysctl.vm.swappiness = 60\nlxc.sysctl.net.ipv4.ip_forward = 1');
  const plan = (...args: string[]) => host.ok('start', ['-n', '@sysctl', '--dry-run', ...args]);
  const told = /lxc\.sysctl\.(\S+) changes the host/g;
  const names = (text: string) => [...text.matchAll(told)].map(([, name]) => name);
  assert.deepEqual(names(await plan()), ['vm.swappiness']);
  assert.deepEqual(names(await plan('-s', 'lxc.namespace.keep=net')), [
    'vm.swappiness',
    'net.ipv4.ip_forward',
  ]);
  // The root of a mapped one could not.
  busybox.reconfigure('sysctl', `${MAP}\nlxc.sysctl.vm.swappiness = 60`);
  const { code, stderr } = await host.tslxc('start', ['-n', '@sysctl', ...INIT]);
  assert.equal(code, 1);
  assert.match(stderr, /config:\d+: cannot set lxc\.sysctl\.vm\.swappiness[\s\S]*its own namespaces/);
});

test('parameters of an interface with a dot in its name, in the spellings of sysctl(8)', {
  skip,
}, async () => {
  const lines = [
    'lxc.net.0.type = veth',
    'lxc.net.0.name = eth0.5',
    'lxc.sysctl.net/ipv6/conf/eth0.5/accept_ra = 2',
    'lxc.sysctl.net.ipv6.conf.eth0/5.mtu = 1300',
    'lxc.sysctl.net/ipv4/ip_forward = 1',
  ];
  await busybox.start('dots', lines.join('\n'), INIT);
  const conf = '/proc/sys/net/ipv6/conf/eth0.5';
  assert.equal(
    await host.inside('dots', `cat ${conf}/accept_ra ${conf}/mtu /proc/sys/net/ipv4/ip_forward`),
    '2\n1300\n1',
  );
  await host.kill('dots');
});

test('no other program runs on the threads of a core', { skip }, async () => {
  covers('lxc.sched.core');
  await busybox.make('cores', 'lxc.sched.core = 1');
  const { code, stderr } = await host.tslxc('start', ['-n', '@cores', ...INIT]);
  assert.equal(code, 0, stderr);
  if (readFileSync('/sys/devices/system/cpu/smt/active', 'latin1').trim() === '0') {
    assert.match(stderr, /config:\d+: warning: lxc\.sched\.core has no effect: no core/);
    return;
  }
  const kernel = linuxKernel();
  const cookie = Buffer.alloc(8);
  const [PR_SCHED_CORE, GET, THREAD] = [62, 0, 0];
  kernel.prctl(PR_SCHED_CORE, GET, await host.initPid('cores'), THREAD, kernel.addressOf(cookie));
  assert.notEqual(cookie.readBigUInt64LE(), 0n);
});

test('the root filesystem is mounted where the host does not see it', { skip }, async () => {
  covers('lxc.monitor.unshare');
  for (const value of [0, 1]) {
    await busybox.start(`mount${value}`, `lxc.monitor.unshare = ${value}`, INIT);
    assert.deepEqual(mountsOf(host.name(`mount${value}`)), []);
  }
});

test('init outlives the process that looks after it, unless lxc.monitor.signal.pdeath is set', {
  skip,
}, async () => {
  covers('lxc.monitor.signal.pdeath');
  await busybox.start('outlives', '', INIT);
  await busybox.start('follows', 'lxc.monitor.signal.pdeath = SIGKILL', INIT);
  await busybox.start('user', 'lxc.monitor.signal.pdeath = SIGKILL\nlxc.init.uid = 1000', INIT);
  const pid = await host.initPid('outlives');
  await host.killProcesses(host.keeperPid());
  for (const short of ['follows', 'user'])
    await eventually(`${short} is gone`, async () => (await host.state(short)) === 'STOPPED');
  assert.equal(await host.initPid('outlives'), pid);
  assert.equal(statusField(pid, 'State').slice(0, 1), 'S');
});
