import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../../src/config/load-config.ts';
import { folderWith, located } from './config-folder.ts';

test('an include takes effect where it stands', (t) => {
  const folder = folderWith(t, {
    config: 'lxc.tty.max = 1\nlxc.include = more/inner.conf\nlxc.uts.name = after\n',
    'more/inner.conf': 'lxc.tty.max = 2\nlxc.uts.name = inner\nlxc.include = ../leaf\n',
    leaf: 'lxc.pty.max = 3\n',
  });
  const { config, errors } = readConfig(join(folder, 'config'));
  assert.deepEqual(errors, []);
  assert.deepEqual(
    [config.format('lxc.tty.max'), config.format('lxc.uts.name'), config.format('lxc.pty.max')],
    ['2', 'after', '3'],
  );
  assert.equal(config.get('lxc.tty.max')?.origin.file, join(folder, 'more/inner.conf'));
});

test('of a folder, the *.conf files are read in the order of their names', (t) => {
  const folder = folderWith(t, {
    config: 'lxc.include = d\nlxc.include = d/\n',
    'd/20.conf': 'lxc.group = b\n',
    'd/10.conf': 'lxc.group = a\n',
    'd/30.config': 'lxc.group = x\n',
    'd/sub.conf/file': 'lxc.group = x\n',
  });
  const { config, errors } = readConfig(join(folder, 'config'));
  assert.deepEqual(errors, []);
  assert.equal(config.format('lxc.group'), 'a\nb\na\nb');
});

test('a missing folder is nothing, a missing file is an error where it is included', (t) => {
  const folder = folderWith(t, {
    config: 'lxc.include = none/\nlxc.tty.max = 1\n lxc.include = none\nlxc.include =\n',
  });
  const { errors } = readConfig(join(folder, 'config'));
  assert.deepEqual(located(errors), [`CONFIG_READ 3:16 the included file ${folder}/none does not exist`]);
});

test('a loop of includes is found, also through a link', (t) => {
  const folder = folderWith(t, { config: 'lxc.tty.max = 1\nlxc.include = a\n', a: 'lxc.include = link\n' });
  symlinkSync('config', join(folder, 'link'));
  const { config, errors } = readConfig(join(folder, 'config'));
  assert.deepEqual(located(errors), [`CONFIG_READ 1:15 ${folder}/config includes itself`]);
  assert.equal(errors[0]?.file, join(folder, 'a'));
  assert.equal(config.format('lxc.tty.max'), '1');
});

test('the same file may be included twice, and chains may not be endless', (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`f${i}`, `lxc.group = g${i}\nlxc.include = f${i + 1}\n`]),
  );
  const folder = folderWith(t, {
    ...files,
    config: 'lxc.include = leaf\nlxc.include = leaf\n',
    leaf: 'lxc.group = a\n',
  });
  const twice = readConfig(join(folder, 'config'));
  assert.deepEqual([twice.errors, twice.config.format('lxc.group')], [[], 'a\na']);
  const chain = readConfig(join(folder, 'f0'));
  assert.match(located(chain.errors)[0] ?? '', /nested more than 32 deep/);
});

test('an error inside an included file is located there', (t) => {
  const folder = folderWith(t, { config: '\nlxc.include = a\n', a: '\n\nlxc.tty.max = x\n' });
  const [error] = readConfig(join(folder, 'config')).errors;
  assert.deepEqual([error?.file, error?.line], [join(folder, 'a'), 3]);
});

test("shipped files are the package's own until tslxc is installed", (t) => {
  const folder = folderWith(t, {
    config: 'lxc.include = /usr/share/tslxc/config/x.conf\nlxc.include = /usr/share/tslxc/config/none.d/\n',
    'share/config/x.conf': 'lxc.tty.max = 7\n',
  });
  const { config, errors } = readConfig(join(folder, 'config'), { shareDir: join(folder, 'share') });
  assert.deepEqual(errors, []);
  assert.equal(config.format('lxc.tty.max'), '7');
});

test('an include can be given on the command line, and of a device is refused', (t) => {
  const folder = folderWith(t, { config: '', a: 'lxc.tty.max = 5\n' });
  const { config, errors } = readConfig(join(folder, 'config'), {
    defines: [`lxc.include=${folder}/a`, 'lxc.include=/dev/zero'],
  });
  assert.equal(config.format('lxc.tty.max'), '5');
  assert.deepEqual(located(errors), ['CONFIG_READ 2:13 the included file /dev/zero is not a regular file']);
});
