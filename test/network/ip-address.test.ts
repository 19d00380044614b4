import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import {
  broadcastOf,
  formatAddress,
  networkOf,
  overlaps,
  parseAddress,
  prefixOfNetmask,
} from '../../src/network/ip-address.ts';

const v4 = (text: string) => parseAddress(4, text)!;

for (const text of ['0.0.0.0', '10.0.4.1', '255.255.255.255'])
  test(`${text} goes there and back`, () => assert.equal(formatAddress(v4(text)), text));

for (const text of ['', '10.0.4', '10.0.4.256', '10.0.4.01', '10.0.4.1 ', 'a.b.c.d', '::1'])
  test(`"${text}" is no IPv4 address`, () => assert.equal(parseAddress(4, text), undefined));

for (const [text, canonical] of [
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['fd00::2', 'fd00::2'],
  ['FD00:0:0:0:0:0:0:2', 'fd00::2'],
  ['fe80::fc:ff:fe00:1', 'fe80::fc:ff:fe00:1'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
  ['10:0:0:20:0:0:0:3', '10:0:0:20::3'],
  ['::ffff:1.2.3.4', '::ffff:102:304'],
] as const)
  test(`${text} is ${canonical}`, () => assert.equal(formatAddress(parseAddress(6, text)!), canonical));

for (const text of [
  '',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '12345::',
  'g::',
  '1.2.3.4',
  '1:2:3:4::5:6:7:8',
  '1.2.3.4::',
  '::1.2.3.4.5',
])
  test(`"${text}" is no IPv6 address`, () => {
    assert.equal(isIP(text) === 6, false);
    assert.equal(parseAddress(6, text), undefined);
  });

test('network, broadcast and netmask', () => {
  assert.equal(formatAddress(networkOf(v4('10.0.5.77'), 22)), '10.0.4.0');
  assert.equal(formatAddress(broadcastOf(v4('10.0.5.77'), 22)), '10.0.7.255');
  assert.equal(formatAddress(networkOf(v4('10.0.5.77'), 0)), '0.0.0.0');
  assert.equal(formatAddress(broadcastOf(v4('10.0.5.77'), 32)), '10.0.5.77');
  assert.equal(formatAddress(networkOf(parseAddress(6, 'fd00:1:2:3:4::9')!, 60)), 'fd00:1:2::');
  assert.deepEqual(
    ['255.255.255.0', '0.0.0.0', '255.255.255.255', '255.254.0.0', '255.0.255.0', 'x'].map(prefixOfNetmask),
    [24, 0, 32, 15, undefined, undefined],
  );
});

test('overlap is containment either way', () => {
  assert.ok(overlaps(v4('10.0.4.0'), 24, v4('10.0.0.0'), 8));
  assert.ok(overlaps(v4('10.0.0.0'), 8, v4('10.0.4.0'), 24));
  assert.ok(!overlaps(v4('10.0.4.0'), 24, v4('10.0.5.0'), 24));
});
