import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSystemConfig } from '../../src/config/system-config.ts';
import { folderWith } from './config-folder.ts';

const ROOT = { uid: 0, home: '/root' };

test('the defaults of the system and of an ordinary user', () => {
  const system = loadSystemConfig({ user: ROOT, file: '/nonexistent/tslxc.conf' });
  assert.deepEqual([system.lxcpath, system.defaultConfig], ['/var/lib/tslxc', '/etc/tslxc/default.conf']);
  assert.deepEqual([system.get('lxc.bdev.lvm.vg'), system.get('lxc.cgroup.use')], ['lxc', undefined]);
  const own = loadSystemConfig({ user: { uid: 1000, home: '/home/me' } });
  assert.equal(own.file, '/home/me/.config/tslxc/tslxc.conf');
  assert.deepEqual(
    [own.lxcpath, own.defaultConfig],
    ['/home/me/.local/share/tslxc', '/home/me/.config/tslxc/default.conf'],
  );
});

test('the first line of a key counts, as it stands', (t) => {
  const text =
    '# lxc.lxcpath = /no\n lxc.lxcpath=/srv/c ;x//\nlxc.lxcpath = /later\n[section]\nlxc.cgroup.pattern = "lxc/%n"\nlxc.bogus = 1\nlxc.bdev.zfs.root =\n';
  const folder = folderWith(t, { 'tslxc.conf': text });
  const config = loadSystemConfig({ user: ROOT, file: join(folder, 'tslxc.conf') });
  assert.equal(config.get('lxc.lxcpath'), '/srv/c ;x//');
  assert.equal(config.lxcpath, '/srv/c ;x');
  assert.equal(config.get('lxc.cgroup.pattern'), '"lxc/%n"');
  assert.equal(config.get('lxc.bdev.zfs.root'), 'lxc');
});

test('a file that can not be read is an error', (t) => {
  assert.throws(() => loadSystemConfig({ user: ROOT, file: folderWith(t) }), {
    code: 'CONFIG_READ',
    errno: 'EISDIR',
  });
});
