import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigTexts } from '../../src/config/config-texts.ts';
import { readGivenConfig, textsOf } from '../../src/config/given-config.ts';
import { loadConfig, readConfig } from '../../src/config/load-config.ts';
import { folderWith, located } from './config-folder.ts';

const text = (given: { base64: string }) => Buffer.from(given.base64, 'base64').toString();

test('a named pipe is read to its end, whenever its writer comes', { timeout: 20_000 }, async (t) => {
  const folder = folderWith(t);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reading = readGivenConfig(pipe);
  await delay(100);
  spawn('/bin/sh', ['-c', `{ echo lxc.uts.name = a; sleep 0.1; echo lxc.group = b; } >${pipe}`]);
  const given = await reading;
  assert.equal(text(given), 'lxc.uts.name = a\nlxc.group = b\n');
  assert.equal(given.folder, folder);
});

test('to wait for a writer can be broken off', { timeout: 20_000 }, async (t) => {
  const pipe = join(folderWith(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reason = new Error('interrupted');
  await assert.rejects(
    readGivenConfig(pipe, { signal: AbortSignal.any([AbortSignal.timeout(50), AbortSignal.abort(reason)]) }),
    reason,
  );
  const later = new AbortController();
  setTimeout(() => later.abort(reason), 50);
  await assert.rejects(readGivenConfig(pipe, { signal: later.signal }), reason);
});

test("a descriptor's relative includes start at the caller's directory, a file's at its own", async (t) => {
  const folder = folderWith(t, { config: 'lxc.include = more\n', more: 'lxc.uts.name = included\n' });
  const fd = openSync(join(folder, 'config'), 'r');
  t.after(() => closeSync(fd));
  for (const path of [`/dev/fd/${fd}`, `/proc/self/fd/${fd}`, `/proc/${process.pid}/fd/${fd}`]) {
    const given = await readGivenConfig(path, { cwd: folder });
    assert.equal(loadConfig(given.file, { texts: textsOf(given) }).format('lxc.uts.name'), 'included', path);
  }
  const given = await readGivenConfig(join(folder, 'config'), { cwd: '/' });
  assert.equal(loadConfig(given.file, { texts: textsOf(given) }).format('lxc.uts.name'), 'included');
});

test('what cannot be read is said in words', async (t) => {
  const folder = folderWith(t);
  const refused = (path: string) =>
    readGivenConfig(path).then(
      () => 'read',
      ({ code, message }) => `${code} ${message}`,
    );
  assert.equal(await refused('/dev/fd/999'), 'CONFIG_READ /dev/fd/999 does not exist');
  assert.equal(await refused(folder), `CONFIG_READ ${folder} cannot be read (EISDIR)`);
  assert.equal(await refused('/dev/zero'), 'CONFIG_READ /dev/zero is not a regular file');
  assert.equal(await refused('/dev/null'), 'read');
});

test('an include of a pipe or a descriptor is refused at once, never taken for empty', {
  timeout: 20_000,
}, (t) => {
  const folder = folderWith(t, {
    config: 'lxc.include = pipe\nlxc.include = /dev/stdin\nlxc.include = link\n',
  });
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('pipe', join(folder, 'link'));
  assert.deepEqual(located(readConfig(join(folder, 'config')).errors), [
    `CONFIG_READ 1:15 the included file ${folder}/pipe is not a regular file`,
    'CONFIG_READ 2:15 the included file /dev/stdin is not a regular file',
    `CONFIG_READ 3:15 the included file ${folder}/link is not a regular file`,
  ]);
});

test('one piece of work goes by one reading of each file', (t) => {
  const folder = folderWith(t, { config: 'lxc.include = more\n', more: 'lxc.uts.name = before\n' });
  const texts = new ConfigTexts();
  const name = () => loadConfig(join(folder, 'config'), { texts }).format('lxc.uts.name');
  assert.equal(name(), 'before');
  writeFileSync(join(folder, 'more'), 'lxc.uts.name = after\n');
  assert.equal(name(), 'before');
});
