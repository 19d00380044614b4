/** The layouts of structs.ts against the offsets of the kernel's headers (x86-64 and arm64 agree). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLONE, CLONE_INTO_CGROUP, SIG } from '../../src/kernel/constants.ts';
import { layout } from '../../src/kernel/struct-layout.ts';
import {
  cloneArguments,
  descriptorMessage,
  messageHeader,
  openHow,
  polledEvents,
  pollfds,
  readRlimit64,
  readWinsize,
  rlimit64,
  socketFilter,
  winsize,
} from '../../src/kernel/structs.ts';

test('a layout aligns its fields and its size as C does', () => {
  const mixed = layout({ byte: 'u16', word: 'u32', long: 'u64', last: 'i16' });
  assert.equal(mixed.size, 24);
  const buffer = mixed.make({ byte: 1, word: 2, long: 3n, last: -1 });
  assert.deepEqual(
    [buffer.readUInt16LE(0), buffer.readUInt32LE(4), buffer.readBigUInt64LE(8), buffer.readInt16LE(16)],
    [1, 2, 3n, -1],
  );
  assert.equal(mixed.read(buffer, 'last'), -1n);
});

test('clone_args has the child, its signal and its cgroup at the offsets of linux/sched.h', () => {
  const plain = cloneArguments(CLONE.VM, 0x7000, undefined);
  assert.equal(plain.length, 88);
  assert.deepEqual(
    [0, 24, 32, 80].map((offset) => plain.readBigUInt64LE(offset)),
    [BigInt(CLONE.VM), 0x7000n, BigInt(SIG.CHLD), 0n],
  );
  const sibling = cloneArguments(CLONE.PARENT, 0, 7);
  assert.deepEqual(
    [0, 32, 80].map((offset) => sibling.readBigUInt64LE(offset)),
    [BigInt(CLONE.PARENT) | CLONE_INTO_CGROUP, 0n, 7n],
  );
});

test('open_how, msghdr, cmsghdr and sock_fprog', () => {
  assert.deepEqual([...new BigUint64Array(Uint8Array.from(openHow(1, 2, 3)).buffer)], [1n, 2n, 3n]);
  const header = messageHeader(0x10, 0x20, 24);
  assert.deepEqual(
    [header.length, ...[16, 24, 32, 40].map((offset) => header.readBigUInt64LE(offset))],
    [56, 0x10n, 1n, 0x20n, 24n],
  );
  const rights = descriptorMessage([5, 6, 7]);
  assert.deepEqual(
    [rights.length, rights.readBigUInt64LE(0), ...[8, 12, 16, 20, 24].map((at) => rights.readInt32LE(at))],
    [32, 28n, 1, 1, 5, 6, 7],
  );
  const filter = socketFilter(0x99, 16);
  assert.deepEqual([filter.length, filter.readUInt16LE(0), filter.readBigUInt64LE(8)], [16, 2, 0x99n]);
});

test('the window size, limits and poll entries are read as they were written', () => {
  assert.deepEqual(readWinsize(winsize({ rows: 24, columns: 80 })), { rows: 24, columns: 80 });
  assert.deepEqual(readRlimit64(rlimit64(1024, Infinity)), { soft: 1024, hard: Infinity });
  const set = pollfds([
    { fd: 3, events: 1 },
    { fd: 4, events: 4 },
  ]);
  set.writeInt16LE(0x10, 14);
  assert.deepEqual([polledEvents(set, 0), polledEvents(set, 1), set.readInt32LE(8)], [0, 0x10, 4]);
});
