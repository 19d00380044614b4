import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseCompressor, compressorOf } from '../../src/container/archive/compressors.ts';

test('CVE-2026-28384, 2026-48755: a compressor is a word of a list, never a command line', () => {
  assert.equal(chooseCompressor('gzip').program, 'gzip');
  for (const wanted of ['gzip -6', 'gzip; touch /tmp/evil', '/bin/gzip', '../gzip', '', 'gz'])
    assert.throws(() => chooseCompressor(wanted), /is no compressor that is known/, wanted);
});

test('CVE-2026-41567: nor is the suffix of an archive', () => {
  assert.equal(compressorOf('gz').program, 'gzip');
  for (const suffix of ['gz;x', 'sh', '../gz', '']) assert.throws(() => compressorOf(suffix), /is not known/);
});
