/** Mutated config files, and what must hold for each of them. Shared by the unit test and `npm run fuzz:config`. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import type { KeyRow } from '../../src/config/keys/key-row.ts';
import { LEGACY_KEYS } from '../../src/config/legacy-keys.ts';
import { type ConfigReport, readConfig } from '../../src/config/load-config.ts';
import { parseSystemConfig } from '../../src/config/system-config.ts';
import { updateLegacy } from '../../src/config/update-config.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';

const PACKAGE = resolve(import.meta.dirname, '../..');
/** A file that takes longer than this hangs, however busy the machine is. */
const SLOWEST_ROUND_MS = 5000;

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

const KEYS: readonly string[] = [
  ...Object.keys(KEY_TABLE),
  ...Object.keys(NIC_KEYS).flatMap((field) => [`lxc.net.0.${field}`, `lxc.network.${field}`]),
  ...Object.keys(SUBTREE_KEYS).flatMap((prefix) => [
    `${prefix}x`,
    `${prefix}nofile`,
    prefix.slice(0, -1),
    prefix,
  ]),
  ...Object.keys(LEGACY_KEYS),
  ...['lxc.net', 'lxc.net.0', 'lxc.hook', 'lxc.rootfs', 'lxc.rootfs.backend', 'lxc.', 'other', '# lxc.x'],
];

const ROWS: readonly KeyRow[] = [KEY_TABLE, SUBTREE_KEYS, NIC_KEYS].flatMap((table) =>
  Object.values<KeyRow>(table),
);
const NASTY = `||"|'|""|\\|-1|0x|1e9|99999999999999999999|%n|../..|\u{1F600}|\u00a0|:|/|,|u|=|__proto__|known.conf|.`;
const VALUES: readonly string[] = [...ROWS.map(({ example }) => example), ' ', ...NASTY.split('|')];
const INSERTED = ['\n', '=', '"', "'", '#', '\0', '\x1b', '\t', 'lxc.', '.', ':', '9', '\ufeff', '\r'];

/** Files that somebody really has. */
function corpus(): string[] {
  return [join(PACKAGE, 'config'), '/usr/share/lxc/config']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      globSync('**/*.conf', { cwd: folder })
        .sort()
        .map((name) => join(folder, name)),
    )
    .filter((path) => !path.endsWith('.conf.d'))
    .map((path) => readFileSync(path, 'utf8'));
}

/** All that a config says, and all that is wrong with it, as text to compare. */
function meaning({ config, errors }: ConfigReport): string {
  const keys = [
    ...Object.keys(KEY_TABLE),
    'lxc.cgroup',
    'lxc.cgroup2',
    'lxc.prlimit',
    'lxc.sysctl',
    'lxc.proc',
  ];
  const nics = config.nics().map(({ index }) => config.format(`lxc.net.${index}`));
  return JSON.stringify([keys.map((key) => config.format(key)), nics, errors.map(({ message }) => message)]);
}

/** Every round is made from the seed and its own number alone, so one that failed can be had again. */
export class ConfigFuzz {
  readonly #seed: number;
  readonly #folder: string;
  readonly #file: string;
  readonly #corpus = corpus();

  /** @param folder an empty one; `config` in it is the file of the current round */
  constructor(folder: string, seed: number) {
    this.#folder = folder;
    this.#file = join(folder, 'config');
    this.#seed = seed;
    writeFileSync(join(folder, 'known.conf'), 'lxc.tty.max = 1\n');
  }

  /** Makes a file and throws if anything does not hold for it. */
  round(round: number): void {
    const next = random(Math.imul(this.#seed + 1, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b));
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    const where = `round ${round} of seed ${this.#seed}`;
    const text = this.#text(next, pick);
    writeFileSync(this.#file, text);
    const since = performance.now();

    const report = this.#read();
    checkErrors(report, where);
    for (let n = 0; n < 20; n++) report.config.format(pick(KEYS));
    report.config.notActedOn();
    parseSystemConfig(Buffer.from(text));

    const document = ConfigDocument.parse(text);
    assert.equal(document.toString(), text, where);
    const before = meaning(report);
    writeFileSync(this.#file, document.toString());
    assert.equal(meaning(this.#read()), before, `${where}: read, written, read again`);

    this.#edit(document, pick(KEYS), pick(VALUES), where);
    updateLegacy(document);
    const again = ConfigDocument.parse(document.toString());
    assert.equal(again.toString(), document.toString(), where);
    assert.equal(updateLegacy(again), 0, `${where}: names are rewritten once`);
    const took = performance.now() - since;
    assert.ok(took < SLOWEST_ROUND_MS, `${where} took ${Math.round(took)} ms`);
  }

  #read(): ConfigReport {
    return readConfig(this.#file, { shareDir: PACKAGE, env: {}, cwd: this.#folder });
  }

  #text(next: () => number, pick: <T>(list: readonly T[]) => T): string {
    const line = () =>
      `${pick(['', ' ', '\t'])}${pick(KEYS)}${pick([' = ', '=', ' =', ' '])}${pick(VALUES)}${pick(['', '\r', ' '])}`;
    const mutations: readonly ((text: string, at: number) => string)[] = [
      (text, at) => text.slice(0, at) + text.slice(at + 1 + Math.floor(next() * 8)),
      (text, at) => text.slice(0, at) + pick(INSERTED) + text.slice(at),
      (text, at) => text.slice(0, at) + String.fromCharCode(Math.floor(next() * 0x300)) + text.slice(at + 1),
      (text, at) => `${text.slice(0, at)}\n${line()}\n${text.slice(at)}`,
      (text, at) => text.slice(at) + text.slice(0, at),
    ];
    let text =
      next() < 0.3
        ? pick(this.#corpus)
        : Array.from({ length: 1 + Math.floor(next() * 12) }, line).join('\n');
    for (let n = Math.floor(next() * 6); n > 0; n--)
      text = pick(mutations)(text, Math.floor(next() * text.length));
    return text;
  }

  /** A value that is taken is the value that is read, also from the file; and it breaks nothing else. */
  #edit(document: ConfigDocument, key: string, value: string, where: string): void {
    try {
      document.set(key, value);
    } catch (error) {
      assert.ok(error instanceof TslxcError, where);
      return;
    }
    assert.equal(ConfigDocument.parse(document.toString()).get(key), value, where);
    writeFileSync(this.#file, document.toString());
    checkErrors(this.#read(), `${where}, after setting ${key}`);
  }
}

function checkErrors({ errors }: ConfigReport, where: string): void {
  for (const { code, file, line, column, hint, message } of errors) {
    assert.ok(file && line && column && message, `${where}: ${code} without a place`);
    assert.ok(hint || code === 'CONFIG_READ', `${where}: ${code} without a hint: ${message}`);
    assert.ok(line <= 100_000 && column >= 1, where);
  }
}
