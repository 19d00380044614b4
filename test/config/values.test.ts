import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookUpKey } from '../../src/config/key-lookup.ts';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import type { KeyRow } from '../../src/config/keys/key-row.ts';
import { BadValue } from '../../src/config/values/bad-value.ts';
import { resolveMac } from '../../src/network/mac-address.ts';
import { read } from './config-folder.ts';

/** [key, text, value] */
const GOOD: readonly (readonly [string, string, unknown])[] = [
  ['lxc.uts.name', 'web-1.example', 'web-1.example'],
  ['lxc.start.auto', '1', true],
  ['lxc.start.auto', '0x0', false],
  ['lxc.start.order', '-5', -5],
  ['lxc.tty.max', '010', 8],
  ['lxc.tty.max', '0x10', 16],
  ['lxc.pty.max', '4294967295', 4294967295],
  ['lxc.arch', 'amd64', { machine: 'x86_64', bits: 64 }],
  ['lxc.arch', 'i386', { machine: 'i686', bits: 32 }],
  ['lxc.arch', 'armhf', { machine: 'armv7l', bits: 32 }],
  ['lxc.signal.halt', 'SIGRTMIN+3', 37],
  ['lxc.signal.halt', 'sigpwr', 30],
  ['lxc.signal.halt', 'SIGRTMAX-1', 63],
  ['lxc.signal.halt', '9', 9],
  ['lxc.autodev.tmpfs.size', '600000', 600000],
  ['lxc.autodev.tmpfs.size', '1M', 1048576],
  ['lxc.console.size', 'auto', 131072],
  ['lxc.console.size', '5000', 8192],
  ['lxc.console.size', '64 KB', 65536],
  ['lxc.console.size', '1', 4096],
  ['lxc.idmap', 'u  0\t100000 65536', { type: 'u', nsId: 0, hostId: 100000, range: 65536 }],
  ['lxc.cap.drop', '25', 'sys_time'],
  ['lxc.cap.keep', 'none', 'none'],
  ['lxc.namespace.keep', 'NET', 'net'],
  ['lxc.namespace.share.net', 'web1', { kind: 'container', name: 'web1' }],
  ['lxc.namespace.share.net', '17', { kind: 'pid', pid: 17 }],
  ['lxc.namespace.share.net', '/proc/1/ns/net', { kind: 'path', path: '/proc/1/ns/net' }],
  ['lxc.prlimit.nofile', '1024', { soft: 1024, hard: 1024 }],
  ['lxc.prlimit.nofile', '5 : unlimited', { soft: 5, hard: 'unlimited' }],
  ['lxc.time.offset.boot', '-5h', { seconds: -18000, nanoseconds: 0 }],
  ['lxc.time.offset.boot', '-7 us', { seconds: -1, nanoseconds: 999993000 }],
  ['lxc.log.level', 'Warn', 'WARN'],
  ['lxc.log.level', '1', 'DEBUG'],
  ['lxc.environment', 'A="b c" # d', { name: 'A', value: '"b c" # d' }],
  ['lxc.environment', 'EMPTY=', { name: 'EMPTY', value: '' }],
  ['lxc.rootfs.path', '/srv/a:b', { storage: undefined, path: '/srv/a:b' }],
  ['lxc.rootfs.path', 'overlayfs:/low:/up', { storage: 'overlay', path: '/low:/up' }],
  ['lxc.rootfs.options', 'ro,idmap=container', { options: ['ro'], idmap: 'container' }],
  ['lxc.mount.auto', 'proc', { fs: 'proc', mode: 'mixed' }],
  ['lxc.mount.auto', 'cgroup-full:rw:force', { fs: 'cgroup', mode: 'rw', full: true, force: true }],
  ['lxc.mount.auto', 'cgroup', { fs: 'cgroup', mode: 'auto', full: false, force: false }],
  ['lxc.mount.auto', 'cgroup2:ro', { fs: 'cgroup2', mode: 'ro', force: false }],
  ['lxc.mount.auto', 'shmounts:/srv', { fs: 'shmounts', host: '/srv', container: '/dev/.lxc-mounts' }],
  [
    'lxc.mount.entry',
    '/my\\040data srv/\\303\\244 none bind,create=dir 0 2',
    {
      source: '/my data',
      target: 'srv/ä',
      fstype: 'none',
      options: ['bind', 'create=dir'],
      dump: 0,
      pass: 2,
    },
  ],
  [
    'lxc.mount.entry',
    'none tmp tmpfs',
    { source: 'none', target: 'tmp', fstype: 'tmpfs', options: [], dump: 0, pass: 0 },
  ],
  ['lxc.seccomp.notify.proxy', 'unix:/run/x', '/run/x'],
  ['lxc.cgroup.dir', '/a//b/', 'a/b'],
  ['lxc.cgroup2.memory.max', '2G', '2G'],
  ['lxc.net.0.hwaddr', '10:66:6A:XX:xx:0a', { pattern: '10:66:6a:xx:xx:0a', fixed: false }],
  ['lxc.net.0.flags', 'down', 'up'],
  ['lxc.net.0.ipv4.address', '10.0.3.5/24', { address: '10.0.3.5', prefix: 24, broadcast: '10.0.3.255' }],
  ['lxc.net.0.ipv4.address', '10.0.3.5/32', { address: '10.0.3.5', prefix: 32, broadcast: '10.0.3.5' }],
  [
    'lxc.net.0.ipv4.address',
    '192.168.7.1',
    { address: '192.168.7.1', prefix: 24, broadcast: '192.168.7.255' },
  ],
  [
    'lxc.net.0.ipv4.address',
    '10.0.3.5/24 10.0.3.9',
    { address: '10.0.3.5', prefix: 24, broadcast: '10.0.3.9' },
  ],
  ['lxc.net.0.ipv4.gateway', '10.0.3.1', { kind: 'address', address: '10.0.3.1' }],
  ['lxc.net.0.ipv4.gateway', 'auto', { kind: 'auto' }],
  ['lxc.net.0.ipv6.address', 'FE80:0:0::1', { address: 'fe80::1', prefix: 64 }],
  ['lxc.net.0.ipv6.gateway', 'dev', { kind: 'dev' }],
  ['lxc.net.0.veth.ipv4.route', '10.0.0.0/8', { network: '10.0.0.0', prefix: 8 }],
  ['lxc.net.0.veth.vlan.id', 'none', 'none'],
  ['lxc.net.0.veth.vlan.id', '4094', 4094],
];

/** [key, text, offset of the fault in the text, what the message quotes] */
const BAD: readonly (readonly [string, string, number, string])[] = [
  ['lxc.uts.name', 'x'.repeat(65), 0, '65'],
  ['lxc.start.auto', 'yes', 0, '"yes"'],
  ['lxc.start.auto', '2', 0, '"2"'],
  ['lxc.start.delay', '-1', 0, '-1'],
  ['lxc.start.order', 'abc', 0, '"abc"'],
  ['lxc.tty.max', '5x', 0, '"5x"'],
  ['lxc.tty.max', '4294967296', 0, 'too large'],
  ['lxc.tty.max', '99999999999999999999', 0, 'not a whole number'],
  ['lxc.tty.dir', '../lxc', 0, '".."'],
  ['lxc.arch', 'X86_64', 0, '"X86_64"'],
  ['lxc.signal.halt', 'SIGFOO', 0, '"SIGFOO"'],
  ['lxc.signal.halt', 'SIGRTMIN+99', 0, '"SIGRTMIN+99"'],
  ['lxc.signal.halt', '65', 0, '"65"'],
  ['lxc.signal.halt', 'constructor', 0, '"constructor"'],
  ['lxc.monitor.signal.pdeath', 'KILL', 0, '"KILL"'],
  ['lxc.autodev', '2', 0, '"2"'],
  ['lxc.console.size', '-5', 0, '"-5"'],
  ['lxc.console.buffer.size', 'much', 0, '"much"'],
  ['lxc.idmap', 'x 0 100000 1', 0, '"x"'],
  ['lxc.idmap', 'u 0 100000', 10, 'number of ids is missing'],
  ['lxc.idmap', 'u 0 -1 65536', 4, '"-1"'],
  ['lxc.idmap', 'u 0 100000 65536 extra', 17, '"extra"'],
  ['lxc.idmap', 'u 0 4294900000 100000', 15, 'last id'],
  ['lxc.idmap', 'u 0 100000 0', 11, '0 ids'],
  ['lxc.cap.drop', 'sys_time foo chown', 9, '"foo"'],
  ['lxc.cap.drop', 'CAP_SYS_TIME', 0, 'write it as sys_time'],
  ['lxc.cap.drop', '41', 0, '"41"'],
  ['lxc.cap.drop', 'none', 0, '"none"'],
  ['lxc.namespace.clone', 'net foo', 4, '"foo"'],
  ['lxc.namespace.share.net', 'web/1', 0, '"web/1"'],
  ['lxc.prlimit.nofile', 'abc', 0, '"abc"'],
  ['lxc.prlimit.nofile', '10:5', 0, 'above'],
  ['lxc.prlimit.nofile', '10:x', 3, '"x"'],
  ['lxc.prlimit.nice', '-5', 0, '"-5"'],
  ['lxc.time.offset.boot', '5', 1, 'unit'],
  ['lxc.time.offset.boot', '5d', 2, 'unit'],
  ['lxc.time.offset.monotonic', 'xh', 0, '"x"'],
  ['lxc.log.level', '9', 0, '"9"'],
  ['lxc.log.syslog', 'mail', 0, '"mail"'],
  ['lxc.environment', 'UNSET_HERE', 0, '"UNSET_HERE"'],
  ['lxc.environment', '=x', 0, 'missing'],
  ['lxc.init.uid', '-1', 0, '-1'],
  ['lxc.init.groups', '1,x', 2, '"x"'],
  ['lxc.rootfs.mount', 'mnt', 0, '"mnt"'],
  ['lxc.rootfs.path', 'foo:/a', 0, '"foo"'],
  ['lxc.rootfs.path', 'dir:', 4, 'no path'],
  ['lxc.rootfs.options', 'ro,idmap=x', 9, '"x"'],
  ['lxc.mount.auto', 'proc procc', 5, '"procc"'],
  ['lxc.mount.auto', 'proc:ro', 5, '"ro"'],
  ['lxc.mount.auto', 'sys:rw:force', 7, '"force"'],
  ['lxc.mount.auto', 'shmounts', 0, 'absolute path'],
  ['lxc.mount.auto', 'shmounts:/a:b', 12, '"b"'],
  ['lxc.mount.entry', 'proc', 4, 'target'],
  ['lxc.mount.entry', 'proc proc', 9, 'type'],
  ['lxc.seccomp.notify.proxy', '/run/x', 0, '"/run/x"'],
  ['lxc.cgroup.dir', 'a/../b', 0, '".."'],
  ['lxc.hook.version', '2', 0, '2'],
  ['lxc.net.0.type', 'bridge', 0, '"bridge"'],
  ['lxc.net.0.name', 'a/b', 1, '"/"'],
  ['lxc.net.0.hwaddr', '10:66', 0, '"10:66"'],
  ['lxc.net.0.hwaddr', '11:66:6a:xx:xx:xx', 1, 'multicast'],
  ['lxc.net.0.mtu', 'big', 0, '"big"'],
  ['lxc.net.0.ipv4.address', '10.0.0', 0, '"10.0.0"'],
  ['lxc.net.0.ipv4.address', '10.0.0.01', 0, '"10.0.0.01"'],
  ['lxc.net.0.ipv4.address', '10.0.0.1/33', 9, '"33"'],
  ['lxc.net.0.ipv4.address', '10.0.0.1/24 foo', 12, '"foo"'],
  ['lxc.net.0.ipv4.gateway', 'foo', 0, '"foo"'],
  ['lxc.net.0.ipv6.address', 'fe80::1/129', 8, '"129"'],
  ['lxc.net.0.ipv6.address', 'fe80::1%eth0', 0, 'fe80::1%eth0'],
  ['lxc.net.0.ipv6.gateway', '10.0.0.1', 0, '"10.0.0.1"'],
  ['lxc.net.0.l2proxy', '2', 0, '"2"'],
  ['lxc.net.0.veth.mode', 'hub', 0, '"hub"'],
  ['lxc.net.0.veth.n_rxqueues', '0', 0, '0'],
  ['lxc.net.0.veth.ipv4.route', '10.0.0.0', 8, 'prefix length'],
  ['lxc.net.0.veth.ipv6.route', 'x/64', 0, '"x"'],
  ['lxc.net.0.veth.vlan.id', '4095', 0, '"4095"'],
  ['lxc.net.0.veth.vlan.tagged.id', 'none', 0, '"none"'],
];

function rowOf(key: string): KeyRow {
  const target = lookUpKey(key);
  assert.ok(target && 'row' in target, key);
  return target.row;
}

test('values become what they mean', () => {
  for (const [key, text, value] of GOOD) {
    assert.deepEqual(rowOf(key).type.parse(text, { env: {} }), value, `${key} = ${text}`);
  }
});

test('what is printed reads as the same value', () => {
  for (const [key, text, value] of GOOD) {
    const { type } = rowOf(key);
    const printed = type.print?.(value);
    // "none" for a VLAN and the proxy are printed as LXC does, which does not read its own output.
    if (printed === undefined || key.endsWith('vlan.id') || key.endsWith('.proxy')) continue;
    // So are the type of storage and a broadcast address: they are not printed.
    if (key === 'lxc.rootfs.path' || text.includes(' 10.0.3.9')) continue;
    assert.deepEqual(type.parse(printed, { env: {} }), value, `${key} = ${text} printed as ${printed}`);
  }
});

test('a bad value is an error with its place, what is wrong and what is valid', (t) => {
  for (const [key, text, offset, quotes] of BAD) {
    const nic = key.startsWith('lxc.net.') ? 'lxc.net.0.type = veth\n' : '';
    const { errors } = read(t, `# a comment\n${nic}${key} = ${text}\n`);
    const what = `${key} = ${text}`;
    assert.equal(errors.length, 1, what);
    const [error] = errors;
    assert.equal(error?.code, 'CONFIG_VALUE', what);
    assert.equal(error?.line, nic ? 3 : 2, what);
    assert.equal(error?.column, `${key} = `.length + offset + 1, what);
    assert.ok(
      error?.message.startsWith(`${key}: `) && error.message.includes(quotes),
      `${what}: ${error?.message}`,
    );
    assert.match(error?.hint ?? '', /^valid is ./, what);
  }
});

test('every type that can refuse anything is tried with something bad', () => {
  const tried = new Set<unknown>(BAD.map(([key]) => rowOf(key).type.parse));
  for (const [table, prefix] of [
    [KEY_TABLE, ''],
    [SUBTREE_KEYS, ''],
    [NIC_KEYS, 'lxc.net.0.'],
  ] as const) {
    for (const [key, row] of Object.entries<KeyRow>(table)) {
      if (tried.has(row.type.parse)) continue;
      // Numbers, lists of words: an instance for each range, tried through another key.
      const refuses = ['\u{1}', '!', '-', '999999999999'].filter((text) => {
        try {
          row.type.parse(text, { env: {} });
          return false;
        } catch (error) {
          assert.ok(error instanceof BadValue);
          return true;
        }
      });
      const anything = ['TEXT', 'COMMAND', 'PATH', 'VALUE', 'up'].includes(row.type.name);
      assert.equal(refuses.length > 0, !anything, prefix + key);
    }
  }
});

test('a bare variable takes its value from the environment given', (t) => {
  const { config } = read(t, 'lxc.environment = HERE', { env: { HERE: 'a b' } });
  assert.equal(config.format('lxc.environment'), 'HERE=a b');
});

test('drawing the open digits of a hardware address never makes a multicast one', () => {
  for (let round = 0; round < 200; round++)
    assert.match(resolveMac('xx:66:6a:xx:0a:xx'), /^[0-9a-f][02468ace]:66:6a:[0-9a-f]{2}:0a:[0-9a-f]{2}$/);
  assert.equal(resolveMac('10:66:6A:01:02:03'), '10:66:6a:01:02:03');
});
