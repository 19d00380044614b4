/** The order in which an attach gives up the host, against a kernel that does nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLONE } from '../../src/kernel/constants.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { attachStage } from '../../src/stage/attach.ts';
import { StageChannel } from '../../src/stage/channel.ts';
import type { AttachStagePlan } from '../../src/stage/plan.ts';
import { type RecordedCall, recordingKernel, type Script } from '../kernel/double.ts';

class Ended extends Error {}
const CHANNEL = 5;
const FDS = { stdin: 10, stdout: 11, stderr: 12, init: 13 };
const PLAN: AttachStagePlan = {
  name: 'c',
  namespaces: CLONE.NEWNS | CLONE.NEWPID | CLONE.NEWNET,
  cgroupFiles: [],
  remountProcSys: false,
  sessionKeyring: false,
  coresOf: null,
  capabilities: null,
  noNewPrivileges: false,
  rlimits: [],
  groups: [],
  uid: 1000,
  gid: 1000,
  args: ['/proc/self/exe'],
  env: [],
  cwd: '/',
  terminal: 0,
  owner: { uid: 0, gid: 0 },
  nofile: null,
};

interface Told {
  readonly calls: readonly RecordedCall[];
  /** Messages, by the descriptor that they were sent on. */
  readonly sent: readonly { readonly fd: number; readonly message: { readonly type: string } }[];
}

/** Says go once on each of these descriptors, and hangs up. */
function wordToGo(descriptors: readonly number[]): (fd: number, buffer: Uint8Array) => number {
  const left = new Set(descriptors);
  return (fd, buffer) => (left.delete(fd) ? Buffer.from('{"type":"go"}\n').copy(buffer) : 0);
}

/** @param child whether this is the child of the fork */
function attach(plan: Partial<AttachStagePlan>, child: boolean, script: Script = {}): Told {
  const sent: { fd: number; message: { type: string } }[] = [];
  const { kernel, calls } = recordingKernel({
    fork: child ? 0 : 77,
    exit: () => {
      throw new Ended();
    },
    exec: () => {
      throw new Ended();
    },
    socketpair: [20, 21] as never,
    getCapabilities: { effective: 0n, permitted: 0n, inheritable: 0n },
    getRlimit: { soft: 1024, hard: 4096 },
    prctl: 0,
    send: (fd, bytes) => {
      sent.push({ fd, message: JSON.parse(Buffer.from(bytes).toString()) });
      return bytes.length;
    },
    poll: [{ fd: 20, events: 1 }],
    recv: wordToGo([CHANNEL, 21]),
    ...script,
  });
  try {
    attachStage(kernel as Kernel, new StageChannel(kernel, CHANNEL), { ...PLAN, ...plan }, FDS);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return { calls, sent };
}

const at = (calls: readonly RecordedCall[], verb: keyof Kernel, ...args: unknown[]) => {
  const found = calls.findIndex((call) => call.verb === verb && args.every((arg, i) => call.args[i] === arg));
  assert.ok(found >= 0, `${verb}(${args}) is not called`);
  return found;
};

describe('an attach', () => {
  it('has closed all but a list before it enters the first namespace', () => {
    const { calls } = attach({}, false);
    const closed = at(calls, 'closeAllBut');
    assert.deepEqual(calls[closed]!.args, [[0, 1, 2, CHANNEL, FDS.init]]);
    assert.ok(closed < at(calls, 'setns'));
    assert.ok(at(calls, 'eraseEnvironment') < at(calls, 'setns'));
  });

  it('enters the pid namespace after all others, and as the child of a fork only', () => {
    const { calls } = attach({}, false);
    const entered = calls.filter(({ verb }) => verb === 'setns').map(({ args }) => args);
    assert.deepEqual(entered, [
      [FDS.init, CLONE.NEWNS | CLONE.NEWNET],
      [FDS.init, CLONE.NEWPID],
    ]);
    assert.ok(at(calls, 'setns', FDS.init, CLONE.NEWPID) < at(calls, 'fork'));
    assert.equal(calls.filter(({ verb }) => verb === 'becomeOwnChild').length, 0, 'no memory is shared');
  });

  it('has its ids and has closed the pidfd of init before the guest can see the child', () => {
    const { calls } = attach({}, false);
    for (const [verb, arg] of [
      ['setresuid', 1000],
      ['setresgid', 1000],
      ['close', FDS.init],
    ] as const)
      assert.ok(at(calls, verb, arg) < at(calls, 'fork'), verb);
  });

  it('makes a child that closes the channel of the manager, and begins a session after the word to go', () => {
    const { calls } = attach({}, true);
    const closed = at(calls, 'close', CHANNEL);
    assert.ok(at(calls, 'fork') < closed && closed < at(calls, 'recv', 21));
    assert.ok(at(calls, 'recv', 21) < at(calls, 'setsid'));
    assert.ok(at(calls, 'setsid') < at(calls, 'setControllingTerminal'));
  });

  it('tells the manager of the child and of its program, and keeps no stream of the program', () => {
    const { calls, sent } = attach({}, false);
    assert.deepEqual(
      sent.filter(({ fd }) => fd === CHANNEL).map(({ message }) => message),
      [{ type: 'init', pid: 77 }, { type: 'executed' }],
    );
    for (const fd of [0, 1, 2]) assert.ok(at(calls, 'close', fd) > at(calls, 'fork'));
  });

  it('passes on an error of the child as text', () => {
    const error = { code: 'EXEC_FAILED', message: 'no', hint: { toString: 'evil' }, also: [{}] };
    let told = false;
    const { sent } = attach({}, false, {
      recv: (fd, buffer) => {
        if (fd === CHANNEL) return told ? 0 : Buffer.from('{"type":"go"}\n').copy(buffer);
        if (told) return 0;
        told = true;
        return Buffer.from(`${JSON.stringify({ type: 'error', error })}\n`).copy(buffer);
      },
    });
    const failed = sent.find(({ message }) => message.type === 'error')!.message as unknown as {
      error: object;
    };
    assert.deepEqual(failed.error, { code: 'EXEC_FAILED', message: 'no' });
  });

  it('takes no other message from the child, whatever the guest makes it say', () => {
    const lie = Buffer.from('{"type":"init","pid":1}\n');
    assert.throws(
      () =>
        attach({}, false, {
          recv: (fd, buffer) => (fd === CHANNEL ? Buffer.from('{"type":"go"}\n') : lie).copy(buffer),
        }),
      /is no message of a child/,
    );
  });

  it('kills the child if the manager hangs up before the program runs', () => {
    const { calls } = attach({}, false, { poll: [{ fd: CHANNEL, events: 1 }] });
    assert.deepEqual(calls[at(calls, 'kill')]!.args, [77, 9]);
  });

  it('without a pid namespace enters none', () => {
    const { calls } = attach({ namespaces: CLONE.NEWNET }, false);
    assert.deepEqual(
      calls.filter(({ verb }) => verb === 'setns').map(({ args }) => args[1]),
      [CLONE.NEWNET],
    );
  });

  it('-R: has no more capabilities than it needs when the child that mounts /proc is made', () => {
    const { calls } = attach({ remountProcSys: true, capabilities: [0] }, false, {
      wait: { pid: 77, status: { code: 0, signal: null } },
      prctl: (option) => (option === 23 ? 0 : 0),
    });
    assert.ok(at(calls, 'setCapabilities') < at(calls, 'fork'));
  });
});
