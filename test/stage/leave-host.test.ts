import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MS } from '../../src/kernel/constants.ts';
import { leaveHost } from '../../src/stage/leave-host.ts';
import { openFreePty } from '../../src/stage/terminals.ts';
import { enterRoot } from '../../src/stage/tree.ts';
import { recordingKernel } from '../kernel/double.ts';

const refused = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

describe('leaving the host', () => {
  it('erases the environment before it closes descriptors, and keeps the named ones', () => {
    const { kernel, calls } = recordingKernel();
    leaveHost(kernel, [7, 9]);
    assert.deepEqual(
      calls.map(({ verb }) => verb),
      ['prctl', 'eraseEnvironment', 'closeAllBut'],
    );
    assert.deepEqual(calls.at(-1)!.args, [[0, 1, 2, 7, 9]]);
  });
});

describe('a pty for a session', () => {
  it("is the container's own as long as its devpts has one", () => {
    const { kernel, calls } = recordingKernel();
    openFreePty(kernel, 50);
    assert.equal(calls.find(({ verb }) => verb === 'openat2')!.args[0], 50);
  });

  it("is the host's where the container's devpts is full", () => {
    const { kernel } = recordingKernel({
      openat2: (dirfd: number) => (dirfd === 50 ? refused('ENOSPC')() : 60),
    });
    assert.equal(openFreePty(kernel, 50).master, 60);
  });

  it('is refused in words where the host has none left', () => {
    const { kernel } = recordingKernel({ openat2: refused('ENOSPC') });
    assert.throws(() => openFreePty(kernel, -1), /the host has no free terminal/);
  });

  it("is refused where the guest has mounted something over its ptmx, and not taken from the host's", () => {
    const { kernel, calls } = recordingKernel({ openat2: refused('EXDEV') });
    assert.throws(() => openFreePty(kernel, 50), { code: 'EXDEV' });
    assert.equal(calls.filter(({ verb }) => verb === 'openat2').length, 1);
  });
});

describe('the change of root', () => {
  const step = {
    what: '',
    kind: 'filesystem',
    source: '',
    fstype: '',
    flags: 0,
    data: '',
    optional: false,
  } as const;

  it('drops the old root before the tree becomes shared', () => {
    const { kernel, calls } = recordingKernel();
    enterRoot(kernel, 40, []);
    const verbs = calls.map(({ verb }) => verb);
    assert.deepEqual(verbs, ['fchdir', 'pivotRoot', 'umount', 'mountSetattr', 'close']);
    assert.deepEqual(calls[3]!.args[3], { propagation: MS.SHARED });
  });

  it('leaves the propagation that the config names', () => {
    const { kernel, calls } = recordingKernel();
    enterRoot(kernel, 40, [{ ...step, target: 'mnt', propagation: MS.PRIVATE | MS.REC }]);
    const set = calls.filter(({ verb }) => verb === 'mountSetattr').map(({ args }) => args[3]);
    assert.deepEqual(set, [{ propagation: MS.SHARED }, { propagation: MS.PRIVATE }]);
  });

  it('passes over a missing target only where it is optional', () => {
    const missing = { ...step, target: 'gone', propagation: MS.SLAVE };
    const { kernel } = recordingKernel({ openat2: refused('ENOENT') });
    enterRoot(kernel, 40, [{ ...missing, optional: true }]);
    assert.throws(() => enterRoot(kernel, 40, [missing]), { code: 'ENOENT' });
  });
});
