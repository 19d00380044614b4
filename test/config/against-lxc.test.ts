import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../../src/config/load-config.ts';
import { folderWith } from './config-folder.ts';

const version = spawnSync('lxc-info', ['--version'], { encoding: 'utf8' });
const skip = version.status !== 0 && 'LXC is not installed';

/** What `lxc-info` prints for a key; undefined when it refuses the file or the key. */
function lxcPrints(file: string, key: string): string | undefined {
  const { stdout, stderr } = spawnSync('lxc-info', ['-n', 'tslxc-test', '--rcfile', file, '-H', '-c', key], {
    encoding: 'utf8',
  });
  if (/Failed to load|invalid$/m.test(stdout + stderr)) return undefined;
  return stdout.replace(/\n+$/, '');
}

function wePrint(file: string, key: string): string | undefined {
  const { config, errors } = readConfig(file, { env: process.env });
  return errors.length > 0 ? undefined : config.format(key)?.replace(/\n+$/, '');
}

const NIC = 'lxc.net.0.type = veth\n';
/** Files and the key to print. Where we differ on purpose is in DIFFERENT. */
const SAME: readonly (readonly [string, string])[] = [
  ...['a', ' "a b" ', "'a' # b", '\'"a"\'', '"a', 'a=b', '', "''"].map(
    (value) => [`lxc.init.cmd = ${value}\n`, 'lxc.init.cmd'] as const,
  ),
  ['lxc.init.cmd\n', 'lxc.init.cmd'],
  ['  lxc.init.cmd=a\r\n', 'lxc.init.cmd'],
  ['foreign\nlxc = 1\nlxc.init.cmd = x', 'lxc.init.cmd'],
  ['lxc.bogus = 1\n', 'lxc.init.cmd'],
  ['lxc.init.cmd.foo = 1\n', 'lxc.init.cmd'],
  ...['0', '1', '2', 'yes', '0x1', ''].map(
    (value) => [`lxc.start.auto = ${value}\n`, 'lxc.start.auto'] as const,
  ),
  ...['5', '-1', '010', '0x1f', '5x', '', '1 2'].map(
    (value) => [`lxc.tty.max = ${value}\n`, 'lxc.tty.max'] as const,
  ),
  ...['-5', '7', 'x'].map((value) => [`lxc.start.order = ${value}\n`, 'lxc.start.order'] as const),
  ...['', '0', '1', '2'].map((value) => [`lxc.autodev = ${value}\n`, 'lxc.autodev'] as const),
  ...['SIGRTMIN+3', 'SIGPWR', 'sigterm', 'PWR', '9', 'SIGRTMAX-1', 'SIGRTMIN+99', 'SIGFOO'].map(
    (value) => [`lxc.signal.halt = ${value}\n`, 'lxc.signal.halt'] as const,
  ),
  ...['amd64', 'x86_64', 'i386', 'linux32', 'foo', ''].map(
    (value) => [`lxc.arch = ${value}\n`, 'lxc.arch'] as const,
  ),
  ...['u 0 100000 65536', 'g\t0 1 2', 'u 0 1', 'x 0 1 2', 'u 0 1 2 3', 'u 0 -1 2'].map(
    (value) => [`lxc.idmap = ${value}\n`, 'lxc.idmap'] as const,
  ),
  ...['proc', 'proc sys cgroup', 'sys proc', 'cgroup-full:rw', 'procc', 'shmounts'].map(
    (value) => [`lxc.mount.auto = ${value}\n`, 'lxc.mount.auto'] as const,
  ),
  ['lxc.mount.auto = proc:rw cgroup:ro\nlxc.mount.auto = cgroup-full:mixed proc\n', 'lxc.mount.auto'],
  ...['auto', '1KB', '5000', '64 KB', '1MB'].map(
    (value) => [`lxc.console.size = ${value}\n`, 'lxc.console.size'] as const,
  ),
  ...['chown 25', 'CAP_CHOWN', '41', 'none', ''].map(
    (value) => [`lxc.cap.drop = ${value}\n`, 'lxc.cap.drop'] as const,
  ),
  ['lxc.cap.drop = chown\nlxc.cap.keep = mknod\n', 'lxc.cap.drop'],
  ['lxc.cap.drop = chown\nlxc.cap.keep =\nlxc.cap.keep = mknod none kill\n', 'lxc.cap.keep'],
  ['lxc.namespace.keep = net\nlxc.namespace.clone = pid\n', 'lxc.namespace.keep'],
  ['lxc.namespace.clone = NET user pid net\n', 'lxc.namespace.clone'],
  ['lxc.namespace.share.net = web\n', 'lxc.namespace.share.net'],
  ['lxc.namespace.share.bogus = web\n', 'lxc.tty.max'],
  ...['1', 'unlimited', '5:6', '5 : unlimited', '5:5', 'x'].map(
    (value) => [`lxc.prlimit.nofile = ${value}\n`, 'lxc.prlimit.nofile'] as const,
  ),
  ['lxc.prlimit.as = 1\nlxc.prlimit.core = 2\nlxc.prlimit.as = 3\n', 'lxc.prlimit'],
  ['lxc.sysctl.a = 1\nlxc.sysctl.b = 2\nlxc.sysctl.a = 3\n', 'lxc.sysctl'],
  ['lxc.sysctl.a = 1\nlxc.sysctl =\n', 'lxc.sysctl'],
  ['lxc.proc.a = 1\nlxc.proc.b = 2\nlxc.proc.a = 3\n', 'lxc.proc'],
  ['lxc.cgroup2.cpu.weight = 1\nlxc.cgroup2.memory.max = 2\nlxc.cgroup2.cpu.weight = 3\n', 'lxc.cgroup2'],
  ['lxc.cgroup2.cpu.weight = 1\nlxc.cgroup2.memory.max = 2\nlxc.cgroup2.cpu.weight =\n', 'lxc.cgroup2'],
  ['lxc.cgroup.dir = a\nlxc.cgroup2.x = 1', 'lxc.cgroup.dir'],
  ...['5h', '5 m', '3ms', '5', '5d'].map(
    (value) => [`lxc.time.offset.boot = ${value}\n`, 'lxc.time.offset.boot'] as const,
  ),
  ...['a b', 'ünï', 'a/b', 'A'.repeat(64), 'A'.repeat(65)].map(
    (value) => [`lxc.uts.name = ${value}\n`, 'lxc.uts.name'] as const,
  ),
  ...['2', '7', 'x'].map((value) => [`lxc.monitor.unshare = ${value}\n`, 'lxc.tty.max'] as const),
  ...['x', '1x', '1 # c', '0', '1', '2'].map(
    (value) => [`lxc.hook.version = ${value}\n`, 'lxc.hook.version'] as const,
  ),
  ...['x', '1 # c', '1', '2'].map(
    (value) => [`lxc.seccomp.allow_nesting = ${value}\n`, 'lxc.seccomp.allow_nesting'] as const,
  ),
  ...['x', '+1', '5x', '500000'].map(
    (value) => [`lxc.autodev.tmpfs.size = ${value}\n`, 'lxc.autodev.tmpfs.size'] as const,
  ),
  ...['5:', ':5', '-1', '18446744073709551615', '1:2:3', 'infinity'].map(
    (value) => [`lxc.prlimit.nofile = ${value}\n`, 'lxc.prlimit.nofile'] as const,
  ),
  ['lxc.prlimit.7 = 5\n', 'lxc.prlimit.7'],
  ['lxc.signal.halt = SIGCLD\n', 'lxc.signal.halt'],
  ['lxc.log.syslog = DAEMON\n', 'lxc.log.syslog'],
  ['lxc.init.cwd = rel\n', 'lxc.init.cwd'],
  [`${NIC}lxc.net.0.link = verylonginterfacename\n`, 'lxc.net.0.link'],
  [`${NIC}lxc.net.0.veth.pair = verylonginterfacename\n`, 'lxc.net.0.veth.pair'],
  [`${NIC}lxc.net.0.name = verylonginterfacename\n`, 'lxc.net.0.name'],
  [`${NIC}lxc.net.0.hwaddr = 0:16:3e:1:2:3\n`, 'lxc.net.0.hwaddr'],
  ...['0 0 # shared data', '0 0 1 2', '-1 x', 'create=directory', 'create=bogus'].map(
    (rest) => [`lxc.mount.entry = /x y none ${rest}\n`, 'lxc.mount.entry'] as const,
  ),
  ...['Warn', '0', '8', '9', 'foo', ''].map(
    (value) => [`lxc.log.level = ${value}\n`, 'lxc.log.level'] as const,
  ),
  ...['daemon', 'local7', 'mail'].map((value) => [`lxc.log.syslog = ${value}\n`, 'lxc.log.syslog'] as const),
  ['lxc.group = a b\tc\nlxc.group = d,e\n', 'lxc.group'],
  ['lxc.init.groups = 1,2,\nlxc.init.groups = 3\n', 'lxc.init.groups'],
  ['lxc.environment = A=b\nlxc.environment = A="c d"\n', 'lxc.environment'],
  ['lxc.environment = TSLXC_SURELY_UNSET\n', 'lxc.environment'],
  ['lxc.environment = PATH\n', 'lxc.environment'],
  ['lxc.hook.start = /a b\nlxc.hook.start = /c\n', 'lxc.hook.start'],
  ['lxc.hook.start = /a\nlxc.hook =\n', 'lxc.hook.start'],
  ['lxc.hook = /a\n', 'lxc.hook.start'],
  ['lxc.hook.version = 2\n', 'lxc.hook.version'],
  ['lxc.mount.entry = a b c d\nlxc.mount.entry = e f g\n', 'lxc.mount.entry'],
  ['lxc.mount.fstab =\n', 'lxc.mount.fstab'],
  ['lxc.rootfs.path = dir:/a\n', 'lxc.rootfs.path'],
  ['lxc.rootfs.path = overlay:/a:/b\n', 'lxc.rootfs.path'],
  ['lxc.seccomp.notify.proxy = /x\n', 'lxc.tty.max'],
  ['lxc.monitor.signal.pdeath =\n', 'lxc.monitor.signal.pdeath'],
  ['', 'lxc.monitor.signal.pdeath'],
  ['', 'lxc.rootfs.managed'],
  ['', 'lxc.autodev'],
  ['', 'lxc.pty.max'],
  ['', 'lxc.log.level'],
  ['', 'lxc.net'],
  ['', 'lxc.net.0.type'],
  ['', 'lxc.bogus'],
  ['lxc.net.1.type = veth\nlxc.net.0.type = empty\n', 'lxc.net'],
  ['lxc.net.0.link = a\n', 'lxc.net.0.type'],
  [`${NIC}lxc.net.0.link = a\nlxc.net.0.type = empty\n`, 'lxc.net.0.link'],
  [`${NIC}lxc.net.0 =\n`, 'lxc.net.0.type'],
  [`${NIC}lxc.net =\nlxc.net.3.type = phys\n`, 'lxc.net'],
  ['lxc.net.0.veth.pair = a\n', 'lxc.net.0.veth.pair'],
  ['lxc.net.0.type = bogus\n', 'lxc.net.0.type'],
  ...[
    ['flags', 'down'],
    ['ipv4.address', '10.0.0.1/24'],
    ['ipv4.address', '10.0.0.1/33'],
    ['ipv4.address', '10.0.0.2/24 10.0.0.9'],
    ['ipv4.gateway', 'auto'],
    ['ipv4.gateway', 'foo'],
    ['ipv6.address', 'FE80:0::1'],
    ['ipv6.gateway', 'fe80::1'],
    ['veth.mode', 'router'],
    ['veth.mode', 'foo'],
    ['veth.vlan.id', 'none'],
    ['veth.vlan.id', '4095'],
    ['veth.vlan.tagged.id', 'none'],
    ['veth.ipv4.route', '10.0.0.0'],
    ['veth.n_rxqueues', '0'],
    ['macvlan.mode', 'bridge'],
    ['l2proxy', '2'],
  ].map(([field, value]) => [`${NIC}lxc.net.0.${field} = ${value}\n`, `lxc.net.0.${field}`] as const),
];

/** Text, key, what LXC prints, what we print, and why. */
const DIFFERENT: readonly (readonly [string, string, string | undefined, string | undefined, string])[] = [
  ['lxc.init.uid = abc\n', 'lxc.init.uid', '0', undefined, 'a typo is no number'],
  ['lxc.init.cmd = a\x01b\n', 'lxc.init.cmd', 'a\x01b', undefined, 'control characters are never meant'],
  [
    'lxc.prlimit.nofile = 10:5\n',
    'lxc.prlimit.nofile',
    '10:5',
    undefined,
    'the kernel refuses it at the start',
  ],
  ['lxc.prlimit.bogus = 1\n', 'lxc.prlimit.bogus', '1', undefined, 'there is no such limit'],
  [
    'lxc.autodev.tmpfs.size = 1MB\n',
    'lxc.autodev.tmpfs.size',
    '500000',
    '1048576',
    'LXC silently takes the default',
  ],
  ['lxc.console.size = 64K\n', 'lxc.console.size', '4096', '65536', 'nobody means 64 bytes'],
  ['lxc.rootfs.path = /a:b\n', 'lxc.rootfs.path', 'b', '/a:b', 'a path is not a type of storage'],
  ['lxc.net.0.link = a\nlxc.net.0.type = veth\n', 'lxc.net.0.link', '', 'a', 'the type may come second'],
  [`${NIC}lxc.net.0.mtu = big\n`, 'lxc.net.0.mtu', 'big', undefined, 'not a number'],
  [
    `${NIC}lxc.net.0.ipv6.address = fe80::1/129\n`,
    'lxc.net.0.ipv6.address',
    'fe80::1/129',
    undefined,
    'no such prefix',
  ],
  ['lxc.mount.auto = cgroup:mixed:force\n', 'lxc.mount.auto', '', 'cgroup:mixed', 'LXC forgets to print it'],
  ['lxc.mount.entry = foo\n', 'lxc.mount.entry', 'foo', undefined, 'not a line of fstab'],
];

test('files read as LXC reads them', { skip }, (t) => {
  const folder = folderWith(t, Object.fromEntries(SAME.map(([text], index) => [`${index}`, text])));
  for (const [index, [text, key]] of SAME.entries()) {
    const file = join(folder, `${index}`);
    assert.equal(wePrint(file, key), lxcPrints(file, key), `${key} of ${JSON.stringify(text)}`);
  }
});

test('where we differ from LXC we do so knowingly', (t) => {
  const folder = folderWith(t, Object.fromEntries(DIFFERENT.map(([text], index) => [`${index}`, text])));
  for (const [index, [text, key, lxc, ours, why]] of DIFFERENT.entries()) {
    const file = join(folder, `${index}`);
    assert.equal(wePrint(file, key), ours, `${JSON.stringify(text)}: ${why}`);
    // Another version of LXC may have come to our view.
    if (version.stdout?.startsWith('5.0.')) assert.equal(lxcPrints(file, key), lxc, JSON.stringify(text));
  }
});
