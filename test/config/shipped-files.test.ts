import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import { folderWith } from './config-folder.ts';

const PACKAGE = resolve(import.meta.dirname, '../..');
const LXC_CONFIGS = '/usr/share/lxc/config';

for (const name of ['default.conf', 'common.conf', 'userns.conf', 'nesting.conf']) {
  test(`our ${name} loads without a word`, () => {
    const config = loadConfig(join(PACKAGE, 'config', name), { shareDir: PACKAGE });
    assert.deepEqual(config.warnings, []);
    assert.deepEqual(config.notActedOn(), []);
  });
}

test('the files together make an unprivileged system container', (t) => {
  const folder = folderWith(t);
  const file = join(folder, 'config');
  const shipped = ['common', 'userns', 'nesting'].map(
    (name) => `lxc.include = /usr/share/tslxc/config/${name}.conf\n`,
  );
  writeFileSync(file, `${shipped.join('')}lxc.idmap = u 0 100000 65536\n`);
  const config = loadConfig(file, { shareDir: PACKAGE });
  assert.equal(config.format('lxc.mount.auto'), 'proc:mixed sys:rw cgroup:mixed');
  assert.deepEqual([config.format('lxc.cap.drop'), config.format('lxc.tty.dir')], ['', '']);
  assert.deepEqual(config.cgroupSettings(), []);
  const targets = config.getAll('lxc.mount.entry').map(({ value }) => value.target);
  assert.deepEqual(targets, [
    ...['proc/kcore', 'proc/keys', 'proc/timer_list', 'sys/fs/fuse/connections'],
    ...['dev/.lxc/proc', 'dev/.lxc/sys'],
  ]);
});

test('common.conf allows the same devices in the words of both cgroup versions', () => {
  const config = loadConfig(join(PACKAGE, 'config', 'common.conf'), { shareDir: PACKAGE });
  const rules = (version: 'lxc.cgroup.' | 'lxc.cgroup2.') =>
    config.subtree(version).map(({ key, value }) => `${key.slice(version.length)} ${value}`);
  assert.deepEqual(rules('lxc.cgroup.'), rules('lxc.cgroup2.'));
  assert.equal(rules('lxc.cgroup.')[0], 'devices.deny a');
  assert.equal(rules('lxc.cgroup.').length, 13);
});

test('common.conf takes the files of other packages in, also those that Debian puts beside LXC', () => {
  const text = readFileSync(join(PACKAGE, 'config', 'common.conf'), 'utf8');
  const folders = [...text.matchAll(/^lxc\.include = (.*)$/gm)].map(([, path]) => path);
  assert.deepEqual(folders, [
    '/usr/share/tslxc/config/common.conf.d/',
    '/usr/share/lxc/config/common.conf.d/',
  ]);
});

test('every config that LXC and its templates ship loads', {
  skip: !existsSync(LXC_CONFIGS) && 'LXC is not installed',
}, () => {
  const files = globSync('**/*.conf', { cwd: LXC_CONFIGS })
    .map((name) => join(LXC_CONFIGS, name))
    .filter((file) => statSync(file).isFile());
  assert.ok(files.length > 0);
  for (const file of files) assert.deepEqual(loadConfig(file).warnings, [], file);
});
