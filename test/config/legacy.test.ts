import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { readConfig } from '../../src/config/load-config.ts';
import { updateLegacy } from '../../src/config/update-config.ts';
import { folderWith, load, located, read } from './config-folder.ts';

/** A config of the time of LXC 1.0, and what it says today. */
const OLD = `# my old container
lxc.utsname = old
lxc.rootfs = /var/lib/lxc/old/rootfs
lxc.rootfs.backend = btrfs
#lxc.tty = 6
lxc.tty = 4
lxc.pts = 1024
lxc.devttydir = lxc
lxc.mount = /var/lib/lxc/old/fstab
lxc.console = none
lxc.id_map = u 0 100000 65536
lxc.id_map = g 0 100000 65536
lxc.init_cmd = /sbin/init
lxc.init_uid = 0
lxc.init_gid = 0
lxc.aa_profile = unconfined
lxc.aa_allow_incomplete = 1
lxc.se_context = unchanged
lxc.seccomp = /etc/seccomp
lxc.haltsignal = SIGUSR1
lxc.rebootsignal = SIGINT
lxc.stopsignal = SIGKILL
lxc.logfile = /tmp/log
lxc.loglevel = DEBUG
lxc.syslog = daemon
lxc.limit.nofile = 10
lxc.kmsg = 0
lxc.pivotdir = /mnt
lxc.cap.drop = sys_module
  lxc.network.type = veth   # not a comment to LXC
`.replace('   # not a comment to LXC', '');
const OLD_NICS = `lxc.network.flags = up
lxc.network.link = br0
lxc.network.ipv4 = 10.0.0.5/24
lxc.network.ipv4.gateway = 10.0.0.1

lxc.network.type = macvlan
lxc.network.macvlan.mode = bridge
lxc.network.ipv6 = fe80::5/64
lxc.network.2.type = empty
`;
const TODAY = `# my old container
lxc.uts.name = old
lxc.rootfs.path = btrfs:/var/lib/lxc/old/rootfs
#lxc.tty = 6
lxc.tty.max = 4
lxc.pty.max = 1024
lxc.tty.dir = lxc
lxc.mount.fstab = /var/lib/lxc/old/fstab
lxc.console.path = none
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.init.cmd = /sbin/init
lxc.init.uid = 0
lxc.init.gid = 0
lxc.apparmor.profile = unconfined
lxc.apparmor.allow_incomplete = 1
lxc.selinux.context = unchanged
lxc.seccomp.profile = /etc/seccomp
lxc.signal.halt = SIGUSR1
lxc.signal.reboot = SIGINT
lxc.signal.stop = SIGKILL
lxc.log.file = /tmp/log
lxc.log.level = DEBUG
lxc.log.syslog = daemon
lxc.prlimit.nofile = 10
lxc.cap.drop = sys_module
  lxc.net.0.type = veth
lxc.net.0.flags = up
lxc.net.0.link = br0
lxc.net.0.ipv4.address = 10.0.0.5/24
lxc.net.0.ipv4.gateway = 10.0.0.1

lxc.net.1.type = macvlan
lxc.net.1.macvlan.mode = bridge
lxc.net.1.ipv6.address = fe80::5/64
lxc.net.2.type = empty
`;

test('an old config means what it meant', (t) => {
  const old = load(t, OLD + OLD_NICS);
  const today = load(t, TODAY);
  const keys = [
    'lxc.uts.name',
    'lxc.rootfs.path',
    'lxc.idmap',
    'lxc.prlimit',
    'lxc.net',
    'lxc.net.0',
    'lxc.net.1',
    'lxc.net.2',
    'lxc.signal.halt',
  ];
  for (const key of keys) assert.equal(old.format(key), today.format(key), key);
  assert.equal(old.get('lxc.rootfs.path')?.value.storage, 'btrfs');
  assert.deepEqual(
    old.warnings.map(({ line }) => line),
    [2],
    'one warning for the file, at the first old name',
  );
  assert.deepEqual(today.warnings, []);
});

test('rewriting changes the names and keeps everything else', () => {
  const document = ConfigDocument.parse(OLD + OLD_NICS);
  const changed = updateLegacy(document);
  assert.equal(document.toString(), TODAY);
  const lines = (text: string) =>
    text.split('\n').filter((line) => line.startsWith('lxc.') || line.startsWith(' '));
  const old = lines(OLD + OLD_NICS);
  assert.equal(changed, old.filter((line) => !TODAY.split('\n').includes(line)).length);
  assert.equal(updateLegacy(document), 0, 'a second time there is nothing to do');
});

test('every file with old names is warned about once', (t) => {
  const folder = folderWith(t, {
    config: 'lxc.tty.max = 1\nlxc.include = a\nlxc.include = a\nlxc.pts = 5\nlxc.utsname = x\n',
    a: '\nlxc.tty = 2\n',
  });
  const { config } = readConfig(join(folder, 'config'));
  assert.deepEqual(
    config.warnings.map(({ file, line }) => `${file.slice(folder.length)}:${line}`),
    ['/a:2', '/config:4'],
  );
  assert.equal(config.format('lxc.tty.max'), '2');
});

test('lxc.network.type opens the next interface after those that are there', (t) => {
  const config = load(t, 'lxc.net.4.type = veth\nlxc.network.type = empty\nlxc.network.name = x\n');
  assert.deepEqual(
    config.nics().map(({ index, name }) => [index, name?.value]),
    [
      [4, undefined],
      [5, 'x'],
    ],
  );
  assert.equal(
    load(t, 'lxc.network.type = veth\nlxc.network =\nlxc.network.type = empty').format('lxc.net'),
    'empty',
  );
});

test('a network key above the first type, and an old name with a bad value, are located', (t) => {
  const { errors } = read(
    t,
    'lxc.network.link = br0\nlxc.tty = x\nlxc.network.bogus = 1\nlxc.network.type = veth\nlxc.network.bogus = 1\n',
  );
  assert.deepEqual(located(errors), [
    'CONFIG_CONFLICT 1:1 lxc.network.link comes before any lxc.network.type, which opens an interface',
    'CONFIG_VALUE 2:11 lxc.tty.max: "x" is not a whole number',
    'CONFIG_CONFLICT 3:1 lxc.network.bogus comes before any lxc.network.type, which opens an interface',
    'CONFIG_UNKNOWN_KEY 5:1 there is no key "lxc.net.0.bogus"',
  ]);
});

test('the type of storage may come before or after the path, or not at all', (t) => {
  for (const [text, storage] of [
    ['lxc.rootfs.backend = lvm\nlxc.rootfs = /dev/vg/x', 'lvm'],
    ['lxc.rootfs = /dev/vg/x\nlxc.rootfs.backend = lvm', 'lvm'],
    // LXC 1 and 2 wrote the type twice.
    ['lxc.rootfs = overlayfs:/dev/vg/x\nlxc.rootfs.backend = overlayfs', 'overlay'],
    ['lxc.rootfs.backend = dir\nlxc.rootfs = dir:/dev/vg/x', 'dir'],
    ['lxc.rootfs = /dev/vg/x', undefined],
  ]) {
    assert.deepEqual(load(t, text ?? '').get('lxc.rootfs.path')?.value, { storage, path: '/dev/vg/x' });
  }
});
