import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import type { KeyRow } from '../../src/config/keys/key-row.ts';
import { LEGACY_KEYS } from '../../src/config/legacy-keys.ts';
import { readConfig } from '../../src/config/load-config.ts';
import { updateLegacy } from '../../src/config/update-config.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { folderWith } from './config-folder.ts';

const ROUNDS = Number(process.env.TSLXC_FUZZ_ROUNDS ?? 4000);
const SEED = Number(process.env.TSLXC_FUZZ_SEED ?? 20260814);

/** mulberry32: small, and the same everywhere. Gives numbers from 0 up to, not including, 1. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function keys(): string[] {
  const nics = Object.keys(NIC_KEYS).flatMap((field) => [`lxc.net.0.${field}`, `lxc.network.${field}`]);
  const families = Object.keys(SUBTREE_KEYS).flatMap((prefix) => [
    `${prefix}x`,
    `${prefix}nofile`,
    prefix.slice(0, -1),
    prefix,
  ]);
  const special = [
    'lxc.net',
    'lxc.net.0',
    'lxc.hook',
    'lxc.rootfs',
    'lxc.rootfs.backend',
    'lxc.',
    'other',
    '# lxc.x',
  ];
  return [...Object.keys(KEY_TABLE), ...nics, ...families, ...Object.keys(LEGACY_KEYS), ...special];
}

function values(): string[] {
  const rows: KeyRow[] = [
    ...Object.values(KEY_TABLE),
    ...Object.values(SUBTREE_KEYS),
    ...Object.values(NIC_KEYS),
  ];
  const nasty = [
    '',
    ' ',
    '"',
    "'",
    '""',
    '\\',
    '-1',
    '0x',
    '1e9',
    '99999999999999999999',
    '%n',
    '../..',
    '\u{1F600}',
    '\u00a0',
    ':',
    '/',
    ',',
    'u',
    '=',
    '__proto__',
  ];
  return [...rows.map(({ example }) => example), ...nasty];
}

/** Files that somebody really has. */
function corpus(): string[] {
  const folders = [resolve(import.meta.dirname, '../../config'), '/usr/share/lxc/config'].filter((folder) =>
    existsSync(folder),
  );
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.conf'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  );
}

test(`${ROUNDS} mutated files: no crash, no error without a place, reading and writing is the identity`, (t) => {
  const next = random(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const folder = folderWith(t, { 'known.conf': 'lxc.tty.max = 1\n' });
  const file = join(folder, 'config');
  const lines = [keys(), values(), corpus()] as const;

  const line = () =>
    `${pick(['', ' ', '\t'])}${pick(lines[0])}${pick([' = ', '=', ' =', ' '])}${pick(lines[1])}${pick(['', '\r', ' '])}`;
  const mutations: readonly ((text: string, at: number) => string)[] = [
    (text, at) => text.slice(0, at) + text.slice(at + 1 + Math.floor(next() * 8)),
    (text, at) =>
      text.slice(0, at) +
      pick(['\n', '=', '"', "'", '#', '\0', '\x1b', '\t', 'lxc.', '.', ':', '9', '\ufeff']) +
      text.slice(at),
    (text, at) => text.slice(0, at) + String.fromCharCode(Math.floor(next() * 0x300)) + text.slice(at + 1),
    (text, at) => `${text.slice(0, at)}\n${line()}\n${text.slice(at)}`,
    (text, at) => text.slice(at) + text.slice(0, at),
  ];
  const shareDir = resolve(import.meta.dirname, '../..');
  for (let round = 0; round < ROUNDS; round++) {
    let text =
      next() < 0.3 ? pick(lines[2]) : Array.from({ length: 1 + Math.floor(next() * 12) }, line).join('\n');
    for (let n = Math.floor(next() * 6); n > 0; n--)
      text = pick(mutations)(text, Math.floor(next() * text.length));
    const where = `round ${round} of seed ${SEED}`;
    writeFileSync(file, text);

    const { config, errors } = readConfig(file, { shareDir, env: {} });
    for (const { code, file: at, line: row, column, hint, message } of errors) {
      assert.ok(at && row && column && message, `${where}: ${code} without a place`);
      assert.ok(hint || code === 'CONFIG_READ', `${where}: ${code} without a hint`);
      assert.ok(row <= 100_000 && column >= 1, where);
    }
    for (const key of lines[0]) config.get(key);
    config.nics();
    config.notActedOn();

    const document = ConfigDocument.parse(text);
    assert.equal(document.toString(), text, where);
    tryEdit(document, pick(lines[0]), pick(lines[1]), where);
    updateLegacy(document);
    const again = ConfigDocument.parse(document.toString());
    assert.equal(again.toString(), document.toString(), where);
    assert.equal(updateLegacy(again), 0, `${where}: names are rewritten once`);
  }
});

/** A value that is taken is the value that is read. */
function tryEdit(document: ConfigDocument, key: string, value: string, where: string): void {
  try {
    document.set(key, value);
  } catch (error) {
    assert.ok(error instanceof TslxcError, where);
    return;
  }
  assert.equal(ConfigDocument.parse(document.toString()).get(key), value, where);
}
