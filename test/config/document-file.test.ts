import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { readDocument, saveDocument } from '../../src/config/document-file.ts';
import { folderWith } from './config-folder.ts';

const isRoot = process.geteuid?.() === 0;

test('a saved document replaces the file, keeping mode, owner and links', (t) => {
  const folder = folderWith(t, { config: 'lxc.tty.max = 1\n' });
  const file = join(folder, 'config');
  chmodSync(file, 0o640);
  if (isRoot) chownSync(file, 1234, 4321);
  symlinkSync('config', join(folder, 'link'));
  const before = statSync(file);
  const document = readDocument(join(folder, 'link'));
  document.set('lxc.tty.max', '2');
  saveDocument(join(folder, 'link'), document);
  const after = statSync(file);
  assert.equal(readFileSync(file, 'utf8'), 'lxc.tty.max = 2\n');
  assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid]);
  assert.notEqual(after.ino, before.ino, 'the old file was not written to');
  assert.ok(lstatSync(join(folder, 'link')).isSymbolicLink());
  assert.deepEqual(readdirSync(folder).sort(), ['config', 'link']);
});

test('a new file, and a folder that is not there', (t) => {
  const folder = folderWith(t);
  const file = join(folder, 'config');
  saveDocument(file, ConfigDocument.parse('# new\n'));
  assert.equal(statSync(file).mode & 0o777, 0o644);
  const missing = join(folder, 'none', 'config');
  assert.throws(() => saveDocument(missing, ConfigDocument.parse('')), {
    code: 'CONFIG_WRITE',
    file: missing,
    errno: 'ENOENT',
  });
});

test('a file that is not UTF-8 is not opened for editing', (t) => {
  const folder = folderWith(t, { config: Buffer.from([0x23, 0x0a, 0x23, 0xe9]) });
  assert.throws(() => readDocument(join(folder, 'config')), { code: 'CONFIG_READ', line: 2 });
});

test('a full disk leaves the old file and nothing else', { skip: !isRoot && 'needs root to mount' }, (t) => {
  const folder = folderWith(t);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tslxc-test', folder]);
  if (mounted.status !== 0) return t.skip('mount is not permitted here');
  // Before the folder is removed.
  try {
    const file = join(folder, 'config');
    writeFileSync(file, '# small\n');
    const large = ConfigDocument.parse('# much\n'.repeat(10_000));
    assert.throws(() => saveDocument(file, large), { code: 'DISK_FULL', errno: 'ENOSPC', file });
    assert.equal(readFileSync(file, 'utf8'), '# small\n');
    assert.deepEqual(readdirSync(folder), ['config']);
  } finally {
    spawnSync('umount', [folder]);
  }
});
