import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerConfig } from '../../src/config/container-config.ts';
import { KEY_FAMILIES, KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import type { KeyRow } from '../../src/config/keys/key-row.ts';
import type { IdMap } from '../../src/config/values/id-map.ts';
import { read } from './config-folder.ts';

/** Every key with a line that sets it to its example. */
function* exampleLines(): Generator<[string, KeyRow, string]> {
  for (const [key, row] of Object.entries<KeyRow>(KEY_TABLE)) yield [key, row, `${key} = ${row.example}`];
  for (const row of Object.values<KeyRow>(SUBTREE_KEYS))
    yield [row.example.split(' ', 1)[0] ?? '', row, row.example];
  for (const [field, row] of Object.entries<KeyRow>(NIC_KEYS)) {
    const type = /^(veth|vlan|macvlan|ipvlan)\./.exec(field)?.[1] ?? 'veth';
    const key = `lxc.net.7.${field}`;
    yield [key, row, `lxc.net.7.type = ${type}\n${key} = ${row.example}`];
  }
}

test('the example of every key is a valid value of it', (t) => {
  for (const [key, , lines] of exampleLines()) {
    if (key === 'lxc.include') continue;
    const { config, errors } = read(t, lines);
    assert.deepEqual(errors, [], lines);
    assert.notEqual(config.format(key), undefined, key);
    assert.notEqual(config.format(key), '', key);
  }
});

test('every key is documented in a sentence', () => {
  for (const [key, row] of exampleLines()) {
    assert.match(row.doc, /^[A-Z].*\.$/, key);
    assert.match(row.since, row.extension ? /^tslxc \d\.\d$/ : /^\d\.\d$/, key);
    assert.ok(row.type.valid !== '' && row.type.name !== '', key);
  }
});

test('the families together are the whole table', () => {
  const inFamilies = KEY_FAMILIES.flatMap(({ keys }) => Object.keys(keys)).sort();
  const all = [KEY_TABLE, NIC_KEYS, SUBTREE_KEYS].flatMap((keys) => Object.keys(keys)).sort();
  assert.deepEqual(inFamilies, all);
});

test('a default is a valid value', (t) => {
  const notValues = new Set(['lxc.log.level']);
  for (const [key, row] of Object.entries<KeyRow>(KEY_TABLE)) {
    if (row.default === '' || notValues.has(key)) continue;
    assert.deepEqual(read(t, `${key} = ${row.default}`).errors, [], key);
  }
});

test('keys that are not acted on are told, one for each line', (t) => {
  const { config } = read(t, 'lxc.uts.name = a\nlxc.selinux.context = a\nlxc.apparmor.profile = b');
  assert.deepEqual(
    config.notActedOn().map(({ key, origin }) => `${key} ${origin.line}`),
    ['lxc.apparmor.profile 3', 'lxc.selinux.context 2'],
  );
});

/** Never called: it is right if it compiles. */
export function typesFollowTheTable(config: ContainerConfig): void {
  const ttys: number | undefined = config.get('lxc.tty.max')?.value;
  const auto: boolean | undefined = config.get('lxc.start.auto')?.value;
  const maps: IdMap[] = config.getAll('lxc.idmap').map(({ value }) => value);
  const soft: number | 'unlimited' | undefined = config.subtree('lxc.prlimit.')[0]?.value.soft;
  const prefix: number | undefined = config.nics()[0]?.ipv4Address[0]?.value.prefix;
  const mode: 'bridge' | 'router' | undefined = config.nics()[0]?.vethMode?.value;
  // @ts-expect-error a key that adds up has no one value
  config.get('lxc.idmap');
  // @ts-expect-error a key with one value has no list
  config.getAll('lxc.tty.max');
  // @ts-expect-error there is no such key
  config.get('lxc.tty.min');
  void [ttys, auto, maps, soft, prefix, mode];
}
