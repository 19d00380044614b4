/** Configs of archives that somebody else made: what would reach the host is refused, however it is written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import { ALLOWED } from '../../src/container/archive/allowed-settings.ts';
import { confined, refuseHostThings } from '../../src/container/archive/foreign-config.ts';
import { firstFree } from '../../src/container/archive/free-id-range.ts';

const REF = { name: 'web', lxcpath: '/var/lib/tslxc' };
const refused = (line: string): boolean => {
  try {
    refuseHostThings(ConfigDocument.parse(`${line}\n`), REF, '/tmp/archive');
    return false;
  } catch {
    return true;
  }
};

test('lines that reach out', () => {
  for (const line of [
    'lxc.hook.pre-start = /bin/evil',
    'lxc.rootfs.path = dir:/',
    'lxc.rootfs = /',
    'lxc.mount.entry = /etc etc none bind 0 0',
    'lxc.mount.entry = " /etc etc none bind 0 0"',
    'lxc.mount.entry = \\057etc etc none bind 0 0',
    'lxc.mount.entry = etc etc none bind 0 0',
    'lxc.mount.entry = /var/lib/tslxc/web/../../../../etc etc none rbind 0 0',
    'lxc.mount.entry = /var/lib/tslxc/web/rootfs/link mnt none bind 0 0',
    'lxc.mount.entry = overlay mnt overlay lowerdir=/etc 0 0',
    'lxc.mount.entry = sda1 mnt ext4 ro 0 0',
    'lxc.mount.entry = x mnt none relative,bind,idmap=/proc/1/ns/user',
    'lxc.mount.auto = proc:mixed shmounts:/etc',
    'lxc.log.file = /var/lib/tslxc/web/../other/config',
    'lxc.console.logfile = /var/lib/tslxc/web/rootfs/link',
    'lxc.console.path = dev/sda',
    'lxc.namespace.keep = pid',
    'lxc.namespace.clone = mnt',
    'lxc.namespace.share.net = 1',
    'lxc.cgroup.dir.container = other',
    'lxc.sysctl.kernel.core_pattern = |/evil',
    'lxc.sysctl.kernel/core_pattern = |/evil',
    'lxc.environment = SECRET',
    'lxc.environment.hooks = LD_PRELOAD=/x',
    'lxc.cap.drop =',
    'lxc.cap.keep = sys_module',
    'lxc.cap.keep = 16',
    'lxc.cap.keep =',
    'lxc.cgroup.devices.allow = a',
    'lxc.cgroup2.devices.allow = b 8:0 r',
    'lxc.cgroup.devices.deny =',
    'lxc.cgroup =',
    'lxc.cgroup2.cgroup.procs = 1',
    'lxc.cgroup2.memory.min = 1G',
    'lxc.seccomp.profile =',
    'lxc.seccomp.profile = /var/lib/tslxc/web/policy',
    'lxc.seccomp = /usr/share/lxc/config/../../../../etc/passwd',
    'lxc.aa_profile = unconfined',
    'lxc.apparmor.profile = unconfined',
    'lxc.apparmor.allow_nesting = 1',
    'lxc.mount.auto = proc:rw sys:ro',
    'lxc.mount.auto = sys:rw',
    'lxc.mount.auto = cgroup',
    'lxc.mount.auto = cgroup:rw:force',
    'lxc.mount.auto = cgroup-full:ro',
    'lxc.mount.auto = cgroup2',
    'lxc.mount.entry = proc proc proc rw 0 0',
    'lxc.mount.entry = x y binfmt_misc defaults 0 0',
    'lxc.mount.entry = x y debugfs ro 0 0',
    'lxc.mount.entry = /var/lib/tslxc/web/config mnt none bind 0 0',
    'lxc.start.auto = 1',
    'lxc.console.buffer.size = 64GB',
    'lxc.console.logfile = /var/lib/tslxc/web/config',
    'lxc.log.file = /var/lib/tslxc/web/config',
    'lxc.tty.max = 1000',
    'lxc.net.0.link = br0',
    'lxc.network.link = br0',
    'lxc.net.0.type = macvlan',
    'lxc.net.0.veth.pair = eth0',
    'lxc.net.0.veth.ipv4.route = 0.0.0.0/0',
    'lxc.network.script.up = /x',
    'lxc.prlimit.memlock = unlimited',
    'lxc.proc.oom_score_adj = -1000',
    'lxc.sysctl.kernel.shmmax = 1',
    'lxc.include = /usr/share/tslxc/config/nesting.conf',
    'lxc.include = /usr/share/tslxc/config/../x.conf',
    'lxc.idmap = u 0 0 65536',
    'lxc.id_map = b 0 100 10',
    'lxc.idmap =',
    'lxc.rootfs.options = dev',
    'lxc.keyring.session = 0',
  ])
    assert.ok(refused(line), line);
});

test('lines that do not', () => {
  for (const line of [
    'lxc.rootfs.path = dir:/var/lib/tslxc/web/rootfs',
    'lxc.mount.entry = /var/lib/tslxc/web/data mnt none bind 0 0',
    'lxc.mount.entry = mqueue dev/mqueue mqueue rw,relatime,create=dir,optional 0 0',
    'lxc.mount.entry = srv mnt none bind,relative',
    'lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed',
    'lxc.console.path = none',
    'lxc.log.file = /var/lib/tslxc/web/log',
    'lxc.include = /usr/share/tslxc/config/common.conf',
    'lxc.sysctl.net.ipv4.ip_forward = 1',
    'lxc.environment = A=b',
    'lxc.hook.start = /bin/inside',
    'lxc.cgroup.memory.limit_in_bytes = 1G',
    'lxc.cgroup.devices.allow = c 10:200 rwm',
    'lxc.net.0.type = veth',
    'lxc.net.0.link =',
    'lxc.network.hwaddr = 00:16:3e:00:00:01',
    'lxc.idmap = u 0 100000 65536',
    'lxc.cap.drop = sys_nice',
    'lxc.cap.keep = chown setuid',
    'lxc.start.auto = 0',
    'lxc.mount.auto = cgroup:mixed:force proc',
    'lxc.net =',
    'not.of.lxc = 1',
  ])
    assert.ok(!refused(line), line);
});

test('each key that there is has been decided on', () => {
  const keys = [
    ...Object.keys(KEY_TABLE),
    ...Object.keys(SUBTREE_KEYS),
    ...Object.keys(NIC_KEYS).map((field) => `lxc.net.N.${field}`),
  ];
  assert.deepEqual(Object.keys(ALLOWED).sort(), keys.sort());
});

test('every line that is refused is told, with what it does', () => {
  const config = ConfigDocument.parse('lxc.start.auto = 1\nlxc.uts.name = a\nlxc.network.script.up = /x\n');
  assert.throws(() => refuseHostThings(config, REF, '/tmp/archive'), {
    message:
      /\n {4}line 1: lxc\.start\.auto = 1 \(it starts the container with this host\)\n {4}line 3: lxc\.network\.script\.up = \/x \(it runs a program on this host\)$/,
    hint: /--trust/,
  });
});

test('what keeps a container in is added, and an environment is kept from programs of the host', () => {
  const { document, notices } = confined(
    ConfigDocument.parse('lxc.utsname = a\nlxc.environment = A=b\n'),
    REF,
    '/tmp/archive',
  );
  assert.match(
    document.toString(),
    /^lxc\.include = \/usr\/share\/tslxc\/config\/common\.conf\nlxc\.uts\.name = a\nlxc\.environment\.runtime = A=b\nlxc\.idmap = u 0 (\d+) 65536\nlxc\.idmap = g 0 \1 65536\n$/,
  );
  assert.equal(notices.length, 2);
});

test('an id map is put where nothing is', () => {
  const range = (first: number, count = 65_536) => ({ first, count });
  assert.equal(firstFree([range(100_000)], []), 100_000);
  assert.equal(firstFree([range(100_000)], [range(165_535, 1)]), undefined);
  assert.equal(
    firstFree([range(100_000, 10), range(200_000, 200_000)], [range(200_000), range(265_600, 1)]),
    265_601,
  );
});
