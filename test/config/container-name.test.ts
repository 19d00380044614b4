import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkName,
  checkUsableName,
  isContainerName,
  isUsableName,
} from '../../src/config/container-name.ts';

test('names that work as folder, cgroup, socket and host name', () => {
  for (const name of ['web1', 'a', '1', '_x', 'a.b-c_d', 'user@host', 'c++', 'x'.repeat(64)]) {
    assert.doesNotThrow(() => checkName(name), name);
  }
});

test('names that do not, and what the error says', () => {
  const bad: Readonly<Record<string, RegExp>> = {
    '': /cannot be empty/,
    '.': /starts with "\."/,
    '..': /starts with/,
    '.hidden': /starts with/,
    '-n': /starts with "-"/,
    'a/b': /it has "\/" in it/,
    'a b': /it has " " in it/,
    'a\nb': /it has "\\n" in it/,
    'a:b': /it has ":" in it/,
    ä: /it has "ä" in it/,
    '😀': /it has "😀" in it/,
    ['x'.repeat(65)]: /65 characters/,
    ['x'.repeat(300)]: /300 characters/,
  };
  for (const [name, message] of Object.entries(bad)) {
    assert.throws(() => checkName(name), { code: 'NAME_INVALID', message, hint: /letters, digits/ }, name);
    assert.equal(isContainerName(name), false);
  }
});

test('names that exist may be all that a folder can be called', () => {
  for (const name of ['a b', 'web:8080', '.hid', '-dash', 'ünï', 'x'.repeat(255), 'a\nb'])
    assert.ok(isUsableName(name), name);
  for (const name of ['', '.', '..', 'a/b', 'a\0b', 'x'.repeat(256), 'ä'.repeat(128)])
    assert.throws(() => checkUsableName(name), { code: 'NAME_INVALID' }, name);
});
