/** Configs of archives that somebody else made: what would reach the host is refused, however it is written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { refuseHostThings } from '../../src/container/archive/foreign-config.ts';

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
  ])
    assert.ok(!refused(line), line);
});
