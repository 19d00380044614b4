import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attribute,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  nested,
  readText,
  text,
  u8,
  u32,
} from '../../src/network/netlink-message.ts';

const hex = (...parts: string[]) => parts.join('').replaceAll(' ', '');

test('an attribute is length, type, value, padded to four bytes', () => {
  assert.equal(text(3, 'lo').toString('hex'), hex('0700 0300', '6c6f00 00'));
  assert.equal(u32(4, 1500).toString('hex'), hex('0800 0400', 'dc050000'));
  assert.equal(u8(8, 1).toString('hex'), hex('0500 0800', '01 000000'));
  assert.equal(attribute(1, Buffer.from('aabb', 'hex')).toString('hex'), hex('0600 0100', 'aabb 0000'));
});

test('a nest carries the nested flag and its parts', () => {
  assert.equal(nested(18, text(1, 'veth')).toString('hex'), hex('1000 1280', '0900 0100 7665746800 000000'));
});

test('a message has its length without padding in front', () => {
  const bytes = encodeMessage({
    type: 18,
    flags: 1,
    sequence: 7,
    port: 0,
    body: Buffer.from('abcdef', 'hex'),
  });
  assert.equal(bytes.toString('hex'), hex('13000000 1200 0100 07000000 00000000', 'abcdef 00'));
});

test('what was encoded is decoded, several messages in one datagram', () => {
  const one = { type: 20, flags: 2, sequence: 1, port: 9, body: Buffer.from('0102', 'hex') };
  const two = { type: 3, flags: 2, sequence: 1, port: 9, body: Buffer.alloc(4) };
  assert.deepEqual(decodeMessages(Buffer.concat([encodeMessage(one), encodeMessage(two)])), [one, two]);
});

test('attributes are found by type, without flag bits', () => {
  const found = decodeAttributes(Buffer.concat([text(3, 'eth0'), nested(18, text(1, 'bridge'))]));
  assert.equal(readText(found.get(3)), 'eth0');
  assert.equal(readText(decodeAttributes(found.get(18)!).get(1)), 'bridge');
  assert.equal(readText(undefined), '');
});

for (const [name, bytes] of [
  ['longer than the datagram', '20000000 1000 0000 00000000 00000000'],
  ['shorter than its header', '04000000 1000 0000 00000000 00000000'],
] as const)
  test(`a message ${name} is refused`, () => {
    assert.throws(() => decodeMessages(Buffer.from(hex(bytes), 'hex')), RangeError);
  });

for (const bytes of ['0900 0100 00', '0000 0100', '0300 0100'])
  test(`an attribute with a false length (${bytes}) is refused`, () => {
    assert.throws(() => decodeAttributes(Buffer.from(hex(bytes), 'hex')), RangeError);
  });
