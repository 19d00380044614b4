import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
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

test('a save that is killed leaves the old file or the new one, whole; the next save clears away', async (t) => {
  const texts = ['a', 'b'].map((letter) => `# ${letter.repeat(60)}\n`.repeat(3000));
  const folder = folderWith(t, { config: texts[0]! });
  const file = join(folder, 'config');
  const sources = join(import.meta.dirname, '../../src/config');
  const script = `
    const { saveDocument } = await import('${sources}/document-file.ts');
    const { ConfigDocument } = await import('${sources}/config-document.ts');
    const documents = ['a', 'b'].map((l) => ConfigDocument.parse(('# ' + l.repeat(60) + '\\n').repeat(3000)));
    console.log('ready');
    for (let n = 0; ; n++) saveDocument('${file}', documents[n % 2]);`;
  for (let round = 0; round < 8; round++) {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(child.stdout, 'data');
    await delay(1 + round * 3);
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.ok(texts.includes(readFileSync(file, 'utf8')), `round ${round}`);
  }
  const stale = join(folder, '.config.0123456789ab.new');
  const others = ['.config.0123456789ab.bak', '.other.0123456789ab.new'];
  for (const path of [stale, ...others.map((name) => join(folder, name))]) {
    writeFileSync(path, 'half');
    utimesSync(path, 1, 1);
  }
  saveDocument(file, ConfigDocument.parse('# end\n'));
  const left = readdirSync(folder);
  assert.ok(!left.includes('.config.0123456789ab.new'));
  for (const name of others) assert.ok(left.includes(name), name);
});
