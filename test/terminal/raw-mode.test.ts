import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { enterRawMode, makeRaw } from '../../src/terminal/raw-mode.ts';
import { collect, kernel, openPty } from './pty.ts';

/** stty(1) is the judge of what our numbers mean. */
function stty(fd: number): string {
  return execFileSync('stty', ['-g'], { stdio: [fd, 'pipe', 'inherit'], encoding: 'utf8' });
}

test('raw is what cfmakeraw makes of it, and is undone once', () => {
  const { master, slave } = openPty();
  const before = stty(slave);
  const listeners = process.listenerCount('exit');
  const restore = enterRawMode(kernel, slave);
  const words = execFileSync('stty', ['-a'], { stdio: [slave, 'pipe', 'inherit'], encoding: 'utf8' });
  for (const off of ['-icanon', '-echo', '-isig', '-iexten', '-opost', '-icrnl', '-ixon', '-brkint'])
    assert.match(words, new RegExp(`(^|[ ;\\n])${off}`), off);
  assert.match(words, /cs8/);
  assert.match(words, /min = 1; time = 0/);
  assert.deepEqual(makeRaw(kernel.getTermios(slave)), kernel.getTermios(slave));
  restore();
  assert.equal(stty(slave), before);
  kernel.setTermios(slave, makeRaw(kernel.getTermios(slave)));
  restore(); // the second time does nothing
  assert.notEqual(stty(slave), before);
  assert.equal(process.listenerCount('exit'), listeners);
  closeSync(master);
  closeSync(slave);
});

for (const [way, kill, code, signal] of [
  ['wait', 'SIGTERM', null, 'SIGTERM'],
  ['wait', 'SIGHUP', null, 'SIGHUP'],
  ['throw', null, 1, null],
  ['exit', null, 3, null],
  ['relay', 'SIGTERM', 0, null],
  ['relay', 'SIGHUP', 0, null],
] as const)
  test(`the terminal is restored: ${way} ${kill ?? ''}`, { timeout: 10_000 }, async () => {
    const user = openPty();
    const guest = openPty();
    const before = stty(user.slave);
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--single-threaded',
        join(import.meta.dirname, 'raw-mode-child.ts'),
        way,
        '3',
      ],
      { stdio: [user.slave, user.slave, 'pipe', guest.master] },
    );
    const errors = collect(child.stderr!);
    const exit = once(child, 'exit');
    await errors.until('raw\n');
    if (kill) {
      assert.notEqual(stty(user.slave), before);
      child.kill(kill);
    }
    assert.deepEqual(await exit, [code, signal], errors.bytes().toString());
    assert.equal(stty(user.slave), before);
    if (way === 'relay') assert.equal(errors.bytes().toString(), 'raw\nterminated\n');
    for (const fd of [user.master, user.slave, guest.master, guest.slave]) closeSync(fd);
  });
