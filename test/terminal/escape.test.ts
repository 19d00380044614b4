import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEscape, EscapeFilter, parseEscape } from '../../src/terminal/escape.ts';

test('-e takes a letter with or without a caret', () => {
  for (const [argument, prefix] of [
    ['^a', 1], ['a', 1], ['A', 1], ['^A', 1], ['q', 17], ['^z', 26],
  ] as const) // biome-ignore format: a table
    assert.equal(parseEscape(argument), prefix, argument);
  for (const argument of ['', '^', '^^', '1', 'ab', '^ab', '^[', 'ä', '-1', 'a\n'])
    assert.throws(() => parseEscape(argument), { code: 'USAGE' }, JSON.stringify(argument));
  assert.equal(describeEscape(1), 'Ctrl+a');
});

/** Chunks typed, what is forwarded, whether it leaves. */
const TABLE: [string[], string, boolean][] = [
  [['hello'], 'hello', false],
  [['\x01q'], '', true],
  [['ls\n\x01q'], 'ls\n', true],
  [['ls\n\x01qrest'], 'ls\n', true],
  [['\x01', 'q'], '', true],
  [['a\x01', 'qb'], 'a', true],
  [['\x01\x01'], '\x01', false],
  [['\x01', '\x01'], '\x01', false],
  [['\x01\x01q'], '\x01q', false],
  [['\x01\x01\x01q'], '\x01', true],
  [['\x01\x01', '\x01', 'q'], '\x01', true],
  [['\x01x'], '\x01x', false],
  [['\x01', 'x'], '\x01x', false],
  [['\x01xq'], '\x01xq', false],
  [['\x01x\x01q'], '\x01x', true],
  [['\x01Q'], '\x01Q', false],
  [['a', '', '\x01', '', 'q'], 'a', true],
  [['a\x01'], 'a\x01', false],
];

test('the escape sequence, in one chunk and across chunks', () => {
  for (const [chunks, expected, leaves] of TABLE) {
    const filter = new EscapeFilter(1);
    let forwarded = '';
    let detached = false;
    for (const chunk of chunks) {
      if (detached) break;
      const { forward, detach } = filter.feed(Buffer.from(chunk, 'latin1'));
      forwarded += forward.toString('latin1');
      detached = detach;
    }
    if (!detached) forwarded += filter.end().toString('latin1');
    assert.deepEqual([forwarded, detached], [expected, leaves], JSON.stringify(chunks));
  }
});

test('every way to cut a text into chunks gives the same', () => {
  const text = Buffer.from('ab\x01\x01c\x01dq\x01\x01\x01\x01q\x01qz', 'latin1');
  for (let cut = 0; cut <= text.length; cut++)
    for (let second = cut; second <= text.length; second++) {
      const filter = new EscapeFilter(1);
      const got = [text.subarray(0, cut), text.subarray(cut, second), text.subarray(second)].reduce(
        (state, chunk) => {
          if (state.detach) return state;
          const { forward, detach } = filter.feed(chunk);
          return { forward: state.forward + forward.toString('latin1'), detach };
        },
        { forward: '', detach: false },
      );
      assert.deepEqual(got, { forward: 'ab\x01c\x01dq\x01\x01q', detach: true });
    }
});

test('another prefix leaves Ctrl-A alone', () => {
  const filter = new EscapeFilter(parseEscape('b'));
  assert.equal(filter.feed(Buffer.from('\x01q')).forward.toString(), '\x01q');
  assert.equal(filter.feed(Buffer.from('\x02q')).detach, true);
});
