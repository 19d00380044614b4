import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { RingBuffer } from '../../src/terminal/ring-buffer.ts';

test('keeps the last bytes, whatever the sizes of the pieces', () => {
  for (const capacity of [1, 7, 4096, 4097, 10000]) {
    const ring = new RingBuffer(capacity);
    let all = Buffer.alloc(0);
    for (const size of [0, 1, 3, 4095, 1, 4096, 5000, 2, 9000, 20000, 1, 1]) {
      const piece = randomBytes(size);
      ring.append(piece);
      all = Buffer.concat([all, piece]);
      assert.deepEqual(
        ring.read(),
        all.subarray(Math.max(0, all.length - capacity)),
        `${capacity} after ${size}`,
      );
      assert.equal(ring.length, Math.min(all.length, capacity));
    }
    ring.clear();
    assert.equal(ring.read().length, 0);
    ring.append(Buffer.from('x'));
    assert.equal(ring.read().toString(), 'x');
  }
});

test('a capacity of nothing keeps nothing', () => {
  const ring = new RingBuffer(0);
  ring.append(Buffer.from('x'));
  assert.equal(ring.read().length, 0);
  assert.throws(() => new RingBuffer(-1), RangeError);
});
