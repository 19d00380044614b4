/** What cgroup, device and usernsexec make of their arguments; the library is a fake one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMap } from '../../src/cli/commands/usernsexec.ts';
import { namespaceBits } from '../../src/cli/parse/namespace-names.ts';
import { dispatch } from '../../src/cli/run/dispatch.ts';
import { CLONE } from '../../src/kernel/constants.ts';
import { rangesOf } from '../../src/security/subordinate-ids.ts';
import { fakeIo } from './fake-io.ts';
import { type FakeContainer, fakeLibrary } from './fake-library.ts';

async function run(line: string, web: FakeContainer = {}) {
  const io = fakeIo();
  const library = fakeLibrary({ web });
  const code = await dispatch(line.split(' '), io, library);
  return { code, out: io.out(), err: io.err(), calls: library.calls };
}

describe('cgroup', () => {
  it('reads with one word and sets with two', async () => {
    const read = await run('cgroup web pids.max', { cgroup: async () => '5\n' });
    assert.deepEqual([read.code, read.out], [0, '5\n']);
    const change = { key: 'lxc.cgroup.pids.max', value: '7', notes: [], saved: true };
    const set = await run('cgroup web pids.max 7 --save', { setCgroup: async () => change });
    assert.deepEqual(set.calls, [['setCgroup', 'web', 'pids.max', '7', { save: true }]]);
    assert.deepEqual([set.code, set.out], [0, '']);
    const json = await run('cgroup --json web pids.max 7', { setCgroup: async () => change });
    assert.deepEqual(JSON.parse(json.out), change);
  });
  it('warns of what the kernel took otherwise', async () => {
    const notes = [{ key: 'k', asked: '5', effective: '4', why: 'pages' }];
    const { code, err } = await run('cgroup web k 5', {
      setCgroup: async () => ({ key: 'k', value: '5', notes, saved: false }),
    });
    assert.deepEqual([code, err], [0, 'tslxc-cgroup: warning: k: the kernel made 4 of 5 (pages)\n']);
  });
});

describe('device', () => {
  it('takes the same path inside unless one is given', async () => {
    const same = await run('device web add /dev/fuse');
    assert.deepEqual(same.calls, [
      ['device', 'web', { action: 'add', device: '/dev/fuse', path: '/dev/fuse' }],
    ]);
    const other = await run('device web del /dev/fuse /dev/f');
    assert.deepEqual(other.calls, [
      ['device', 'web', { action: 'del', device: '/dev/fuse', path: '/dev/f' }],
    ]);
  });
  it('lends an interface of the host when the name has no slash', async () => {
    const { code, calls } = await run('device web add eth0');
    assert.deepEqual([code, calls], [0, [['attachNic', 'web', ['type=phys', 'link=eth0']]]]);
  });
  it('refuses relative paths and other verbs before it asks for anything', async () => {
    for (const line of ['device web add /dev/a b', 'device web mend /dev/a']) {
      const { code, calls } = await run(line);
      assert.deepEqual([code, calls], [1, []], line);
    }
  });
});

describe('lists and maps', () => {
  it('knows namespaces by LXC’s names and the kernel’s, in any case', () => {
    assert.equal(namespaceBits('mount|UTS|Network'), CLONE.NEWNS | CLONE.NEWUTS | CLONE.NEWNET);
    assert.throws(() => namespaceBits('MOUNT|OTHER'), /'OTHER' is not a namespace/);
  });
  it('reads maps of usernsexec', () => {
    assert.deepEqual(parseMap('u:0:100000:65536'), [{ type: 'u', nsId: 0, hostId: 100000, range: 65536 }]);
    assert.equal(parseMap('b:0:1:2').length, 2);
    for (const bad of ['x:0:1:2', 'u:0:1', 'u:a:1:2', '', 'u:0:1:99999999999'])
      assert.throws(() => parseMap(bad), /is not a map/, bad);
  });
  it('finds the ranges of a user by its name and by its number', () => {
    const text = 'root:100000:65536\nweb:200000:10\n# comment\n1000:300000:5\nweb:400000:1\nweb:x:1\n';
    assert.deepEqual(rangesOf(text, 'web', 1000), [
      { first: 200000, count: 10 },
      { first: 300000, count: 5 },
      { first: 400000, count: 1 },
    ]);
    assert.deepEqual(rangesOf(text, undefined, 0), []);
  });
});
