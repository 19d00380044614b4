/** Process 1 of tslxc-execute, against a kernel that does nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beInit } from '../../src/stage/supervise.ts';
import { recordingKernel } from '../kernel/double.ts';

class Ended extends Error {}
const SIGTERM = 15;

/** Whom it sends signals when it is asked to end and its program does not. */
function targets(pid: number): unknown[] {
  let asked = false;
  let polls = 0;
  const { kernel, calls } = recordingKernel({
    pid,
    exit: () => {
      throw new Ended();
    },
    wait: () => {
      if (polls > 1) throw Object.assign(new Error('ECHILD'), { code: 'ECHILD' });
      return null;
    },
    poll: (_fds, timeout) => {
      polls++;
      if (timeout > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timeout);
      return polls === 1 ? [{ fd: 0, events: 1 }] : [];
    },
    read: (_fd, buffer) => {
      if (asked) return -1;
      asked = true;
      Buffer.from(buffer.buffer, buffer.byteOffset).writeUInt32LE(SIGTERM, 0);
      return buffer.length;
    },
  });
  assert.throws(() => beInit(kernel, 0, 42), Ended);
  return [...new Set(calls.filter(({ verb }) => verb === 'kill').map(({ args }) => args[0]))];
}

describe('an init of ours', () => {
  it('ends everybody in its pid namespace', () => {
    assert.deepEqual(targets(1), [-1]);
  });
  it('ends its program alone in a pid namespace that is not its own', () => {
    assert.deepEqual(targets(77), [42]);
  });
});
