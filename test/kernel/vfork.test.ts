/** A child that shares our memory: what it does, and how it can fail. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/** As the manager is started; see docs/fork-selftest.md. */
const FLAGS = [
  '--single-threaded',
  '--v8-pool-size=0',
  '--expose-gc',
  '--disable-warning=ExperimentalWarning',
];

/** Lines that the trial of this name has written. */
function trial(name: string): string[] {
  const script = join(import.meta.dirname, 'vfork-trial.ts');
  const { stdout, stderr, status } = spawnSync(process.execPath, [...FLAGS, script, name], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n');
}

const code = (number: number) => JSON.stringify({ code: number, signal: null });

test('it works in our memory, becomes a program, and we go on, again and again', () => {
  assert.deepEqual(trial('program').sort(), [
    'given sh',
    'given sh',
    'given sh',
    `its child ${code(1)}`,
    `its child ${code(2)}`,
    `its child ${code(3)}`,
    'seen 6',
    `spawner ${code(0)}`,
  ]);
});

test('it is told its pid, and may become nothing', () => {
  assert.deepEqual(trial('pid').sort(), [`its child ${code(0)}`, 'same pid true', `spawner ${code(0)}`]);
});

test('the kernel will not execute it: the child hears why, and takes us along', () => {
  assert.deepEqual(trial('refused').sort(), ['execve: ENOENT', `its child ${code(5)}`, `spawner ${code(1)}`]);
});

test('the kernel makes no child: we hear why, and can try again', () => {
  assert.deepEqual(trial('no child').sort(), [
    'clone3: EBADF',
    'goes on',
    `its child ${code(8)}`,
    `spawner ${code(0)}`,
  ]);
});

test('it is killed on the way: we end too', () => {
  assert.deepEqual(trial('killed').sort(), ['its child {"code":null,"signal":9}', `spawner ${code(1)}`]);
});
