import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, located, read } from './config-folder.ts';

/** Lines -> what `key` prints after them. */
const RESETS: readonly (readonly [string, string, string | undefined])[] = [
  ['lxc.tty.max = 4\nlxc.tty.max =', 'lxc.tty.max', '0'],
  ['lxc.autodev = 1\nlxc.autodev =', 'lxc.autodev', '0'],
  ['', 'lxc.autodev', '1'],
  ['lxc.monitor.signal.pdeath =', 'lxc.monitor.signal.pdeath', '0'],
  ['lxc.rootfs.managed = 0\nlxc.rootfs.managed =', 'lxc.rootfs.managed', '1'],
  ['lxc.group = a b\nlxc.group = c', 'lxc.group', 'a\nb\nc'],
  ['lxc.group = a\nlxc.group =\nlxc.group = b', 'lxc.group', 'b'],
  ['lxc.init.groups = 1, 2\nlxc.init.groups = 3', 'lxc.init.groups', '1,2,3'],
  ['lxc.cap.drop = chown mknod\nlxc.cap.drop = kill', 'lxc.cap.drop', 'chown\nmknod\nkill'],
  ['lxc.cap.drop = chown\nlxc.cap.keep =\nlxc.cap.keep = mknod', 'lxc.cap.keep', 'mknod'],
  ['lxc.cap.keep = mknod\nlxc.cap.keep = none', 'lxc.cap.keep', 'none'],
  ['lxc.cap.keep = mknod none chown', 'lxc.cap.keep', 'chown'],
  ['lxc.mount.auto = proc:rw\nlxc.mount.auto = proc:mixed', 'lxc.mount.auto', 'proc:mixed'],
  [
    'lxc.mount.auto = sys cgroup:rw\nlxc.mount.auto = cgroup-full:ro proc',
    'lxc.mount.auto',
    'proc:mixed sys:mixed cgroup-full:ro',
  ],
  ['lxc.mount.auto = proc\nlxc.mount.auto =', 'lxc.mount.auto', ''],
  ['lxc.namespace.clone = net user net', 'lxc.namespace.clone', 'user\nnet'],
  [
    'lxc.prlimit.as = 1\nlxc.prlimit.core = 1\nlxc.prlimit.as = 2',
    'lxc.prlimit',
    'lxc.prlimit.as = 2\nlxc.prlimit.core = 1',
  ],
  ['lxc.prlimit.as = 1\nlxc.prlimit.core = 1\nlxc.prlimit.as =', 'lxc.prlimit', 'lxc.prlimit.core = 1'],
  ['lxc.sysctl.a = 1\nlxc.sysctl =', 'lxc.sysctl', ''],
  ['lxc.proc.x = 1\nlxc.proc.x = 2', 'lxc.proc', 'lxc.proc.x = 1\nlxc.proc.x = 2'],
  [
    'lxc.cgroup.devices.allow = a\nlxc.cgroup.cpu.shares = 5\nlxc.cgroup.devices.allow = b',
    'lxc.cgroup.devices.allow',
    'a\nb',
  ],
  [
    'lxc.cgroup.devices.allow = a\nlxc.cgroup.devices.deny = b\nlxc.cgroup.devices.deny =',
    'lxc.cgroup',
    'lxc.cgroup.devices.allow = a',
  ],
  [
    'lxc.cgroup.devices.allow = a\nlxc.cgroup2.memory.max = 1\nlxc.cgroup =',
    'lxc.cgroup2',
    'lxc.cgroup2.memory.max = 1',
  ],
  ['lxc.hook.start = /a\nlxc.hook.stop = /b\nlxc.hook.version = 1\nlxc.hook =', 'lxc.hook.stop', ''],
  ['lxc.hook.version = 1\nlxc.hook =', 'lxc.hook.version', '1'],
  ['lxc.net.0.type = veth\nlxc.net.0 =', 'lxc.net.0.type', undefined],
  ['lxc.net.0.type = veth\nlxc.net =\nlxc.net.1.type = empty', 'lxc.net', 'empty'],
  ['lxc.net.1.type = veth\nlxc.net.0.type = phys', 'lxc.net', 'phys\nveth'],
  ['lxc.net.0.type = veth\nlxc.net.0.link = a\nlxc.net.0.type = empty', 'lxc.net.0.link', ''],
  ['lxc.net.0.link = a', 'lxc.net.0.type', 'empty'],
  ['lxc.net.0.link = a\nlxc.net.0.type = veth', 'lxc.net.0', 'lxc.net.0.type = veth\nlxc.net.0.link = a'],
  [
    'lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 10.0.0.1/8\nlxc.net.0.ipv4.address =',
    'lxc.net.0.ipv4.address',
    '',
  ],
  ['lxc.net.00.type = veth', 'lxc.net.0.type', 'veth'],
];

test('later lines replace, add to and empty earlier ones', (t) => {
  for (const [text, key, printed] of RESETS) assert.equal(load(t, text).format(key), printed, text);
});

test('keys that do not exist, or that only bring others, print nothing', (t) => {
  const config = load(t, 'lxc.net.0.type = veth');
  for (const key of [
    'lxc.bogus',
    'lxc.net.1.type',
    'lxc.net.0.bogus',
    'lxc.hook',
    'lxc.include',
    'lxc.cap',
    '',
    'constructor',
  ]) {
    assert.equal(config.format(key), undefined, key);
  }
});

test('what may not be empty, and what may be nothing else', (t) => {
  const { errors } = read(
    t,
    'lxc.arch =\nlxc.mount.fstab =\nlxc.hook = /a\nlxc.net = 5\nlxc.net.0 = 5\nlxc.sysctl = 5\nlxc.namespace.share =',
  );
  assert.deepEqual(located(errors), [
    'CONFIG_VALUE 1:11 lxc.arch: the value is empty',
    'CONFIG_VALUE 2:18 lxc.mount.fstab: the value is empty',
    'CONFIG_VALUE 3:12 lxc.hook takes no value',
    'CONFIG_VALUE 4:11 lxc.net takes no value',
    'CONFIG_VALUE 5:13 lxc.net.0 takes no value',
    'CONFIG_VALUE 6:14 lxc.sysctl takes no value',
    'CONFIG_UNKNOWN_KEY 7:1 there is no key "lxc.namespace.share"',
  ]);
});

test('keys that contradict each other', (t) => {
  const { errors } = read(
    t,
    'lxc.cap.drop = chown\nlxc.cap.keep = mknod\nlxc.namespace.keep = net\nlxc.namespace.clone = pid\nlxc.net.0.veth.pair = a\nlxc.net.1.type = empty\nlxc.net.1.vlan.id = 4',
  );
  assert.deepEqual(located(errors), [
    'CONFIG_CONFLICT 2:1 lxc.cap.keep cannot be set together with lxc.cap.drop',
    'CONFIG_CONFLICT 4:1 lxc.namespace.clone cannot be set together with lxc.namespace.keep',
    'CONFIG_CONFLICT 5:1 lxc.net.0.veth.pair comes before the type of its interface',
    'CONFIG_CONFLICT 7:1 lxc.net.1.vlan.id is for type vlan, and this interface has type empty',
  ]);
});

test('a type that cannot be read brings no complaints about what depends on it', (t) => {
  const { errors } = read(t, 'lxc.net.0.type = vet\nlxc.net.0.veth.pair = a\n');
  assert.deepEqual(
    errors.map(({ line }) => line),
    [1],
  );
});

test('interfaces come by number, with a property for every key', (t) => {
  const [first, second] = load(
    t,
    'lxc.net.3.type = veth\nlxc.net.3.veth.n_rxqueues = 2\nlxc.net.3.ipv4.address = 10.0.0.1/8\nlxc.net.1.type = empty',
  ).nics();
  assert.deepEqual([first?.index, first?.type?.value, first?.ipv4Address], [1, 'empty', []]);
  assert.deepEqual(
    [second?.index, second?.origin.line, second?.vethNRxqueues?.value, second?.ipv4Address.length],
    [3, 1, 2, 1],
  );
});

test('cgroup settings of both families keep the order of the file', (t) => {
  const config = load(
    t,
    'lxc.cgroup2.devices.deny = a\nlxc.cgroup.devices.allow = b\nlxc.cgroup2.devices.allow = c',
  );
  assert.deepEqual(
    config.cgroupSettings().map(({ text }) => text),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    config.subtree('lxc.cgroup2.').map(({ text }) => text),
    ['a', 'c'],
  );
});
