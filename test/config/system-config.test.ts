import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CgroupLayout } from '../../src/cgroup/layout.ts';
import { loadSystemConfig } from '../../src/config/system-config.ts';
import { SYSTEM_KEYS, type SystemKey } from '../../src/config/system-keys.ts';
import { cgroupDefaults } from '../../src/container/plan/cgroup-from-config.ts';
import type { TslxcError } from '../../src/errors/tslxc-error.ts';
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

test('a file that cannot be read is an error', (t) => {
  assert.throws(() => loadSystemConfig({ user: ROOT, file: folderWith(t) }), {
    code: 'CONFIG_READ',
    errno: 'EISDIR',
  });
});

/** Values that a key does not take, and where in each the trouble is. The compiler misses a key that has no row here. */
const BAD: Readonly<Record<SystemKey, Readonly<Record<string, number>>>> = {
  'lxc.default_config': { 'default.conf': 0, '~/default.conf': 0, '/srv/a\x1bb': 6 },
  'lxc.lxcpath': { containers: 0, '"/srv"': 0, '/srv/\x07': 5 },
  'lxc.bdev.lvm.vg': { 'a/b': 1, '-f': 0, '..': 0, [`v${'g'.repeat(127)}`]: 0 },
  'lxc.bdev.lvm.thin_pool': { 'my pool': 2, 'vg/pool': 2, '-y': 0 },
  'lxc.bdev.zfs.root': { '/tank': 0, 'tank/': 4, 'tank//lxc': 4, 'tank/lxc@now': 8, '1st': 0, 'a/../b': 1 },
  'lxc.bdev.rbd.rbdpool': { 'rbd/lxc': 3, 'rbd@now': 3, '-p': 0, 'a b': 1 },
  'lxc.bdev.rbd.rbduser': { 'client.lxc': 0, '--keyring': 0, 'a b': 1 },
  'lxc.cgroup.use': { 'memory cpu': 0, 'cpu, mem/ory': 5, ',': 0, '@all': 0, 'name=': 0 },
  'lxc.compat.socket': { yes: 0, '2': 0 },
  'lxc.cgroup.naming': { docker: 0 },
  'lxc.cgroup.pattern': { '../%n': 0, '/': 0, 'lxc/./%n': 0, 'lxc/\x1b%n': 4 },
};

for (const [key, values] of Object.entries(BAD) as [SystemKey, Record<string, number>][])
  test(`${key}: values that it does not take, and its example`, (t) => {
    const load = (text: string) =>
      loadSystemConfig({ user: ROOT, file: join(folderWith(t, { 'tslxc.conf': text }), 'tslxc.conf') });
    for (const [value, place] of Object.entries(values)) {
      const config = load(`# first\n  ${key} =  ${value}\n`);
      for (const other of Object.keys(SYSTEM_KEYS) as SystemKey[])
        if (other !== key) assert.doesNotThrow(() => config.get(other), 'only who asks is told');
      assert.throws(
        () => config.get(key),
        (error: TslxcError) => {
          const { code, file, line, column, message, hint } = error;
          assert.deepEqual([code, file, line], ['CONFIG_VALUE', config.file, 2], message);
          assert.equal(column, key.length + 7 + place, message);
          assert.ok(message.startsWith(`${key}: `), message);
          assert.equal(hint, `valid is ${SYSTEM_KEYS[key].type.valid}`);
          return true;
        },
        value,
      );
    }
    assert.equal(load(`${key} = ${SYSTEM_KEYS[key].example}`).get(key), SYSTEM_KEYS[key].example);
  });

test('a line that is not UTF-8 is refused when its key is asked for', (t) => {
  const text = Buffer.from('# caf\xe9\nlxc.lxcpath = /srv/caf\xe9\nlxc.bdev.lvm.vg = vg0\n', 'latin1');
  const config = loadSystemConfig({
    user: ROOT,
    file: join(folderWith(t, { 'tslxc.conf': text }), 'tslxc.conf'),
  });
  assert.equal(config.get('lxc.bdev.lvm.vg'), 'vg0');
  assert.throws(() => config.lxcpath, { code: 'CONFIG_SYNTAX', line: 2 });
});

test('a controller that the host does not have is told with its line', (t) => {
  const file = join(folderWith(t, { 'tslxc.conf': '\nlxc.cgroup.use = cpu, memroy\n' }), 'tslxc.conf');
  const layout = { hierarchies: [{ controllers: ['cpu', 'memory'] }] } as unknown as CgroupLayout;
  assert.throws(() => cgroupDefaults(loadSystemConfig({ user: ROOT, file }), layout), {
    code: 'CONTROLLER_MISSING',
    file,
    line: 2,
  });
});
