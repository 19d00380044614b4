/** Which request processes the zygote takes for blocked. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { announce, isOverdue } from '../../src/cli/pool/job.ts';

async function withProcess(command: string[], use: (pid: number) => Promise<void> | void): Promise<void> {
  const child: ChildProcess = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
  try {
    await use(child.pid!);
  } finally {
    child.kill('SIGKILL');
  }
}

/** A signal that was announced `ago` milliseconds before, and whose deadline has passed. */
const announced = (ago: number) => {
  const signal = announce('SIGTERM');
  return { ...signal, since: signal.since - ago, deadline: signal.since - 1 };
};

const wchan = (pid: number) => readFileSync(`/proc/${pid}/wchan`, 'latin1');

async function settled(pid: number, place: string): Promise<void> {
  for (let tries = 0; tries < 500 && !wchan(pid).includes(place); tries++) await setTimeout(10);
  assert.match(wchan(pid), new RegExp(place));
}

test('a process that sleeps outside its event loop is overdue', () =>
  withProcess(['sleep', '60'], async (pid) => {
    await settled(pid, 'nanosleep');
    assert.equal(isOverdue(announced(300), pid), true);
    assert.equal(isOverdue(announce('SIGTERM'), pid), false, 'before its deadline');
  }));

test('a process that waits in its event loop gets more time, up to a limit', () =>
  withProcess([process.execPath, '-e', 'setInterval(() => {}, 60000)'], async (pid) => {
    await settled(pid, 'epoll');
    const signal = announced(300);
    assert.equal(isOverdue(signal, pid), false);
    assert.ok(signal.deadline > performance.now(), 'its deadline moves on');
    assert.equal(isOverdue(announced(6000), pid), true);
  }));

test('a process that computes is not overdue', () =>
  withProcess(['sh', '-c', 'while :; do :; done'], async (pid) => {
    await setTimeout(50);
    assert.equal(isOverdue(announced(300), pid), false);
  }));

test('a process that has ended is overdue', async () => {
  const child = spawn('true');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(isOverdue(announced(300), child.pid!), true);
});
