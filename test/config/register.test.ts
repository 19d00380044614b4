/** Walks the table of keys: each has a test of what it does, and is told of by a start if it does nothing. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import type { KeyRow } from '../../src/config/keys/key-row.ts';
import { SYSTEM_KEYS } from '../../src/config/system-keys.ts';
import type { RegisteredKey } from '../register/covers.ts';
import { read } from './config-folder.ts';

const TESTS = join(import.meta.dirname, '..');

/** Keys whose tests are still to be written. It only ever gets shorter. */
const TO_DO: readonly RegisteredKey[] = [];

function* table(): Generator<[string, KeyRow]> {
  yield* Object.entries<KeyRow>(KEY_TABLE);
  for (const [field, row] of Object.entries<KeyRow>(NIC_KEYS)) yield [`lxc.net.N.${field}`, row];
  for (const [prefix, row] of Object.entries<KeyRow>(SUBTREE_KEYS)) yield [`${prefix}*`, row];
}

const ACTED_ON = [...table()].filter(([, row]) => row.acted).map(([key]) => key);
const KNOWN = new Set([...[...table()].map(([key]) => key), ...Object.keys(SYSTEM_KEYS)]);

interface Claim {
  readonly key: string;
  readonly file: string;
  /** The file without its claims. */
  readonly rest: string;
}

const CALL = /\bcovers\(([^)]*)\)/g;

function claims(): Claim[] {
  return globSync('**/*.test.ts', { cwd: TESTS, exclude: ['config/register.test.ts'] }).flatMap((file) => {
    const text = readFileSync(join(TESTS, file), 'utf8');
    const rest = text.replaceAll(CALL, '');
    return [...text.matchAll(CALL)].flatMap(([, keys = '']) =>
      [...keys.matchAll(/'([^']+)'/g)].map(([, key = '']) => ({ key, file, rest })),
    );
  });
}

/** The last part of the key, or all before its free part: tests put configs together in many ways. */
function sets(text: string, key: string): boolean {
  if (key.endsWith('*')) return text.includes(key.slice(0, -1));
  const part = key.slice(key.lastIndexOf('.') + 1);
  return new RegExp(`(?<![\\w-])${part}(?![\\w-])`).test(text);
}

test('each key that is acted on is covered by a test', () => {
  const covered = new Set(claims().map(({ key }) => key));
  const missing = [...ACTED_ON, ...Object.keys(SYSTEM_KEYS)].filter((key) => !covered.has(key));
  assert.deepEqual(
    missing.filter((key) => !(TO_DO as readonly string[]).includes(key)),
    [],
    'write a test that sees the effect, and say so in it by covers() of test/register/covers.ts',
  );
});

test('a claim names keys that exist, in a file that sets them', () => {
  for (const { key, file, rest } of claims()) {
    assert.ok(KNOWN.has(key), `${file}: there is no key ${key}`);
    assert.ok(sets(rest, key), `${file} claims to cover ${key} and does not set it`);
  }
});

test('each key that is not acted on is told of, with its line', (t) => {
  for (const [key, row] of table()) {
    if (row.acted) continue;
    const type = /^lxc\.net\.N\.(veth|vlan|macvlan|ipvlan)\./.exec(key)?.[1] ?? 'veth';
    const nic = key.startsWith('lxc.net.N.') ? `lxc.net.3.type = ${type}\n` : '';
    const name = key.endsWith('.*') ? '' : `${key.replace('.N.', '.3.')} = `;
    const { config } = read(t, `${nic}${name}${row.example}\n`);
    assert.deepEqual(
      config.notActedOn().map(({ origin }) => origin.line),
      [nic ? 2 : 1],
      key,
    );
  }
});
