/** For every key a value that it does not take: one error, at the value, that says what it would take. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookUpKey } from '../../src/config/key-lookup.ts';
import type { SystemKey } from '../../src/config/system-keys.ts';
import type { RegisteredKey } from '../register/covers.ts';
import { read } from './config-folder.ts';

/** What no value may have in it, and all that a key which takes any text or path refuses. */
const CONTROL = 'a\x1bb';

/** The compiler misses a key that has no row here. */
const BAD: Readonly<Record<Exclude<RegisteredKey, SystemKey>, string>> = {
  'lxc.uts.name': 'a b',
  'lxc.arch': 'vax',
  'lxc.init.cmd': CONTROL,
  'lxc.init.uid': 'root',
  'lxc.init.gid': '4294967295',
  'lxc.init.groups': '10,wheel',
  'lxc.init.cwd': CONTROL,
  'lxc.execute.cmd': CONTROL,
  'lxc.strict': 'yes',
  'lxc.environment': '=value',
  'lxc.environment.runtime': 'NOT_SET',
  'lxc.environment.hooks': '=',
  'lxc.ephemeral': 'yes',
  'lxc.group': CONTROL,
  'lxc.start.auto': '2',
  'lxc.start.delay': '-1',
  'lxc.start.order': 'first',
  'lxc.start.restart': 'sometimes',
  'lxc.signal.halt': 'SIGNOTHING',
  'lxc.signal.reboot': '65',
  'lxc.signal.stop': 'SIGRTMIN+99',
  'lxc.monitor.signal.pdeath': 'KILL',
  'lxc.monitor.unshare': 'true',
  'lxc.rootfs.path': 'floppy:/dev/fd0',
  'lxc.rootfs.mount': 'mnt',
  'lxc.rootfs.options': 'idmap=elsewhere',
  'lxc.rootfs.managed': '-1',
  'lxc.rootfs.volatile': '2',
  'lxc.rootfs.size': 'much',
  'lxc.mount.fstab': CONTROL,
  'lxc.mount.entry': '/srv',
  'lxc.mount.auto': 'dev:rw',
  'lxc.autodev': '2',
  'lxc.autodev.tmpfs.size': '1 parsec',
  'lxc.pty.max': '-1',
  'lxc.tty.max': 'many',
  'lxc.tty.dir': '../etc',
  'lxc.console.path': CONTROL,
  'lxc.console.logfile': CONTROL,
  'lxc.console.rotate': 'daily',
  'lxc.console.size': 'big',
  'lxc.console.buffer.size': '9999999TB',
  'lxc.idmap': 'u 0 100000',
  'lxc.namespace.clone': 'mnt disk',
  'lxc.namespace.keep': 'network',
  'lxc.time.offset.boot': '5',
  'lxc.time.offset.monotonic': '5 days',
  'lxc.sched.core': 'on',
  'lxc.cap.drop': 'CAP_CHOWN',
  'lxc.cap.keep': 'fly',
  'lxc.no_new_privs': 'no',
  'lxc.keyring.session': '2',
  'lxc.apparmor.profile': CONTROL,
  'lxc.apparmor.allow_incomplete': 'x',
  'lxc.apparmor.allow_nesting': 'x',
  'lxc.apparmor.raw': CONTROL,
  'lxc.selinux.context': CONTROL,
  'lxc.selinux.context.keyring': CONTROL,
  'lxc.seccomp.profile': CONTROL,
  'lxc.seccomp.allow_nesting': 'x',
  'lxc.seccomp.notify.proxy': 'tcp:1.2.3.4',
  'lxc.seccomp.notify.cookie': CONTROL,
  'lxc.cgroup.dir': 'a/../b',
  'lxc.cgroup.relative': 'x',
  'lxc.cgroup.dir.monitor': '..',
  'lxc.cgroup.dir.monitor.pivot': '/',
  'lxc.cgroup.dir.container': './a',
  'lxc.cgroup.dir.container.inner': '../out',
  'lxc.hook.pre-start': CONTROL,
  'lxc.hook.pre-mount': CONTROL,
  'lxc.hook.mount': CONTROL,
  'lxc.hook.autodev': CONTROL,
  'lxc.hook.start-host': CONTROL,
  'lxc.hook.start': CONTROL,
  'lxc.hook.stop': CONTROL,
  'lxc.hook.post-stop': CONTROL,
  'lxc.hook.clone': CONTROL,
  'lxc.hook.destroy': CONTROL,
  'lxc.hook.version': '2',
  'lxc.log.level': 'LOUD',
  'lxc.log.file': CONTROL,
  'lxc.log.syslog': 'mail',
  'lxc.include': '/nowhere/at/all.conf',
  'lxc.net.N.type': 'tokenring',
  'lxc.net.N.flags': CONTROL,
  'lxc.net.N.link': 'a/b',
  'lxc.net.N.name': 'much-too-long-a-name',
  'lxc.net.N.hwaddr': '01:00:00:00:00:01',
  'lxc.net.N.mtu': '67',
  'lxc.net.N.ipv4.address': '10.0.0.256/24',
  'lxc.net.N.ipv4.gateway': 'none',
  'lxc.net.N.ipv6.address': '10.0.0.1',
  'lxc.net.N.ipv6.gateway': 'fe80::1%eth0',
  'lxc.net.N.l2proxy': 'arp',
  'lxc.net.N.publish': '8080:80/icmp',
  'lxc.net.N.script.up': CONTROL,
  'lxc.net.N.script.down': CONTROL,
  'lxc.net.N.veth.mode': 'switch',
  'lxc.net.N.veth.pair': 'a:b',
  'lxc.net.N.veth.n_rxqueues': '0',
  'lxc.net.N.veth.n_txqueues': '4097',
  'lxc.net.N.veth.ipv4.route': '10.9.0.0',
  'lxc.net.N.veth.ipv6.route': 'fd42::/129',
  'lxc.net.N.veth.vlan.id': '4095',
  'lxc.net.N.veth.vlan.tagged.id': 'none',
  'lxc.net.N.vlan.id': '-1',
  'lxc.net.N.macvlan.mode': 'public',
  'lxc.net.N.ipvlan.mode': 'l4',
  'lxc.net.N.ipvlan.isolation': 'full',
  'lxc.cgroup2.*': CONTROL,
  'lxc.cgroup.*': CONTROL,
  'lxc.prlimit.*': '5:4',
  'lxc.sysctl.*': CONTROL,
  'lxc.proc.*': CONTROL,
  'lxc.namespace.share.*': 'web/1',
};

/** A free last part for open-ended families. */
const LAST: Readonly<Record<string, string>> = {
  'lxc.prlimit.*': 'nofile',
  'lxc.namespace.share.*': 'net',
};

for (const [name, value] of Object.entries(BAD)) {
  test(`${name}: a value that it does not take`, (t) => {
    const type = /^lxc\.net\.N\.(veth|vlan|macvlan|ipvlan)\./.exec(name)?.[1] ?? 'veth';
    const key = name.replace('.N.', '.0.').replace('*', LAST[name] ?? 'x.y');
    const above = name.startsWith('lxc.net.N.') ? `lxc.net.0.type = ${type}\n` : '';
    const { config, errors } = read(
      t,
      `${above}  ${key} =  ${value}\nlxc.start.order = 7\n${name === 'lxc.strict' ? '' : 'lxc.strict = 1\n'}`,
    );
    assert.deepEqual(
      errors.map(({ line }) => line),
      [above ? 2 : 1],
      'one error, in its line',
    );
    const [error] = errors;
    assert.equal(config.format('lxc.start.order'), '7', 'what follows is read');
    const target = lookUpKey(key);
    if (target && 'row' in target && error!.code === 'CONFIG_VALUE') {
      assert.ok(error!.message.startsWith(`${key}: `), error!.message);
      assert.ok(error!.hint?.includes(target.row.type.valid), error!.hint);
    }
    const place = value === CONTROL ? value.indexOf('\x1b') : 0;
    const start = target ? key.length + 7 : 3;
    assert.ok(error!.column! >= start + place, `column ${error!.column}`);
    assert.ok(error!.column! <= start + Math.max(value.length, key.length), `column ${error!.column}`);
  });
}
