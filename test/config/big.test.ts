/** A config of 16,000 lines loads in under a second, whatever the key: the work grows with the lines and not with their square. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import type { KeyRow } from '../../src/config/keys/key-row.ts';
import { readConfig } from '../../src/config/load-config.ts';
import { updateLegacy } from '../../src/config/update-config.ts';
import { cpuTime } from '../util/cpu-time.ts';
import { folderWith } from './config-folder.ts';

const LINES = 16_000;
/** A second of a quiet machine. */
const LIMIT_MS = 1000 * Number(process.env.TSLXC_TEST_PATIENCE ?? 1);

const lines = (line: (number: number) => string) =>
  Array.from({ length: LINES }, (_, i) => `${line(i)}\n`).join('');

function texts(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, row] of Object.entries<KeyRow>(KEY_TABLE))
    if (key !== 'lxc.include') found[key] = lines(() => `${key} = ${row.example}`);
  for (const row of Object.values(SUBTREE_KEYS)) found[row.example] = lines(() => row.example);
  for (const [field, row] of Object.entries<KeyRow>(NIC_KEYS)) {
    const type = /^(veth|vlan|macvlan|ipvlan)\./.exec(field)?.[1] ?? 'veth';
    if (row.repeated || field === 'mtu')
      found[`nic ${field}`] =
        `lxc.net.0.type = ${type}\n${lines(() => `lxc.net.0.${field} = ${row.example}`)}`;
  }
  return {
    ...found,
    sysctls: lines((i) => `lxc.sysctl.net.a${i} = 1`),
    cgroups: lines((i) => `lxc.cgroup.a.b${i} = 1`),
    'emptied again and again': lines((i) => `lxc.cgroup2.memory.max =${i % 2 ? '' : ' 1'}`),
    nics: lines((i) => `lxc.net.${i}.type = veth`),
    'old nics': lines(() => 'lxc.network.type = veth'),
    'unknown keys': lines((i) => `lxc.moun.entr${i} = 1`),
    'lines of another program': lines((i) => `moun.entr${i} = 1`),
    'bad values': lines(() => 'lxc.tty.max = x'),
    'long line': `lxc.environment = A=${'x'.repeat(1_000_000)}\n`,
    blanks: `lxc.environment = A=${' '.repeat(200_000)}b\n${' '.repeat(200_000)}x\n`,
  };
}

test('to load', (t) => {
  const slow: string[] = [];
  for (const [what, text] of Object.entries(texts())) {
    const file = join(folderWith(t, { config: text }), 'config');
    const begin = cpuTime();
    const { config } = readConfig(file, { env: {} });
    config.notActedOn();
    config.cgroupSettings();
    config.nics();
    const ms = cpuTime() - begin;
    if (ms > LIMIT_MS) slow.push(`${what}: ${Math.round(ms)} ms`);
  }
  assert.deepEqual(slow, []);
});

test('includes, and to print', (t) => {
  const folder = folderWith(t, { leaf: 'lxc.group = a\n', config: lines(() => 'lxc.include = leaf') });
  const begin = cpuTime();
  const { config } = readConfig(join(folder, 'config'));
  assert.equal(config.format('lxc.group')?.length, LINES * 2 - 1);
  assert.ok(cpuTime() - begin < LIMIT_MS);
});

test('to edit, and to update from old names', () => {
  for (const [what, text] of Object.entries(texts())) {
    const begin = cpuTime();
    const document = ConfigDocument.parse(text);
    document.set('lxc.uts.name', 'a');
    updateLegacy(document);
    for (const setting of document.settings()) document.rewriteLine(setting, setting.key, setting.value);
    document.remove('lxc.mount.entry');
    assert.ok(cpuTime() - begin < LIMIT_MS, what);
  }
});
