import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorText } from '../../src/cli/render/report-error.ts';
import { tableText } from '../../src/cli/render/table.ts';
import { plainIo } from '../../src/cli/run/plain-io.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { plain, plainText } from '../../src/util/plain.ts';
import { fakeIo } from './fake-io.ts';

const TITLE = '\x1b]0;OWNED\x07';

test('control characters and bidirectional marks are shown, letters of all scripts stay', () => {
  assert.equal(
    plain(`a${TITLE}b\x9b2Jc\x7f\u202e\r\n\t`),
    'a\\x1b]0;OWNED\\x07b\\x9b2Jc\\x7f\\u202e\\x0d\\x0a\\x09',
  );
  assert.equal(plainText('a\tb\nc\r'), 'a\tb\nc\\x0d');
  for (const name of ['ünï', '容器', 'إناء', '👩‍👩‍👧']) assert.equal(plain(name), name);
});

test('in errors, tables and what commands print', () => {
  const error = new TslxcError({
    code: 'STORAGE',
    message: `"${TITLE}x" is no plain file`,
    container: TITLE,
    file: `/x${TITLE}`,
    line: 1,
    step: TITLE,
    hint: TITLE,
    cause: new Error(TITLE),
  });
  assert.doesNotMatch(errorText(error, 'tslxc-import'), /[\x00-\x08\x0b-\x1f]/);
  assert.equal(tableText(['NAME', 'X'], [['a\nb', '\x1b[31m']]), 'NAME   X        \na\\x0ab \\x1b[31m \n');
  const io = fakeIo();
  plainIo(io).print(TITLE);
  plainIo(io).printError(TITLE);
  assert.deepEqual([io.out(), io.err()], ['\\x1b]0;OWNED\\x07', '\\x1b]0;OWNED\\x07']);
});
