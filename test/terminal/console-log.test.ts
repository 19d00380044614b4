import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TslxcError } from '../../src/errors/tslxc-error.ts';
import { ConsoleLog } from '../../src/terminal/console-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'tslxc-console-log-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const fresh = () => join(folder, `log${count++}`);
const fail = (error: TslxcError) => assert.fail(error.message);
const text = (path: string) => readFileSync(path, 'utf8');

test('appends, to what was there before, with mode 0640 for a new file', () => {
  const path = fresh();
  const before = process.umask(0o077);
  const log = new ConsoleLog({ path, onError: fail });
  process.umask(before);
  log.append(Buffer.from('one\n'));
  log.close();
  const again = new ConsoleLog({ path, onError: fail });
  again.append(Buffer.from('two\n'));
  again.close();
  again.append(Buffer.from('lost\n'));
  assert.equal(text(path), 'one\ntwo\n');
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test('a full file is emptied, or renamed to .1', () => {
  for (const rotate of [false, true]) {
    const path = fresh();
    const log = new ConsoleLog({ path, size: 10, rotate, onError: fail });
    log.append(Buffer.from('01234567'));
    log.append(Buffer.from('89abc'));
    assert.equal(text(path), 'abc');
    assert.equal(existsSync(`${path}.1`), rotate);
    if (rotate) assert.equal(text(`${path}.1`), '0123456789');
    log.append(Buffer.from(`${'x'.repeat(50)}0123456789`));
    assert.equal(text(path), '0123456789');
    log.close();
  }
});

test('the size counts what an earlier manager wrote', () => {
  const path = fresh();
  writeFileSync(path, '12345678');
  const log = new ConsoleLog({ path, size: 10, onError: fail });
  log.append(Buffer.from('abcd'));
  log.close();
  assert.equal(text(path), 'cd');
});

test('a symlink is not followed, neither at the start nor at a rotation', () => {
  const target = fresh();
  writeFileSync(target, 'precious');
  const path = fresh();
  symlinkSync(target, path);
  assert.throws(() => new ConsoleLog({ path, onError: fail }), { errno: 'ELOOP', file: path });
  const rotating = fresh();
  symlinkSync(target, `${rotating}.1`);
  const log = new ConsoleLog({ path: rotating, size: 4, rotate: true, onError: fail });
  log.append(Buffer.from('abcdef'));
  log.close();
  assert.equal(text(`${rotating}.1`), 'abcd');
  assert.equal(text(target), 'precious');
});

test('a fifo and a folder are refused without waiting, a missing folder is named', () => {
  const fifo = fresh();
  execFileSync('mkfifo', [fifo]);
  assert.throws(() => new ConsoleLog({ path: fifo, onError: fail }));
  assert.throws(() => new ConsoleLog({ path: folder, onError: fail }), { errno: 'EISDIR' });
  assert.throws(() => new ConsoleLog({ path: `${folder}/no/log`, onError: fail }), /no\/log.*ENOENT/);
});

test('a full disk is reported once and breaks nothing', () => {
  const errors: TslxcError[] = [];
  const log = new ConsoleLog({ path: '/dev/full', size: 10, onError: (error) => errors.push(error) });
  for (let i = 0; i < 5; i++) log.append(Buffer.from('0123456789'));
  log.close();
  assert.deepEqual(
    errors.map((error) => [error.code, error.file]),
    [['DISK_FULL', '/dev/full']],
  );
});
