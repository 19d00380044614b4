import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineBuffer, MAX_LINE } from '../../src/util/line-buffer.ts';

test('lines come out whole, however the bytes arrive', () => {
  const buffer = new LineBuffer();
  assert.deepEqual(buffer.push(Buffer.from('a\nb')), ['a']);
  assert.deepEqual(buffer.push(Buffer.from('c\n\nd')), ['bc', '']);
});

test('CVE-2021-43784: the length of a message is bounded before anything is parsed', () => {
  const buffer = new LineBuffer();
  assert.deepEqual(buffer.push(Buffer.concat([Buffer.alloc(MAX_LINE, 97), Buffer.from('\n')])).length, 1);
  assert.throws(() => buffer.push(Buffer.alloc(MAX_LINE + 1, 97)), RangeError);
});
