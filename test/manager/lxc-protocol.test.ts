/** The bytes of LXC's command socket. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cString,
  fnv64a,
  parseRequest,
  responseHeader,
  socketName,
  stateMessage,
  textOf,
} from '../../src/manager/lxc-socket/lxc-protocol.ts';

const header = (command: number, length: number, number = 0) => {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(command, 0);
  bytes.writeInt32LE(length, 4);
  bytes.writeInt32LE(number, 8);
  return bytes;
};

test('a request is complete with the bytes that it announces', () => {
  const whole = Buffer.concat([header(7, 9), cString('lxc.arch')]);
  assert.equal(parseRequest(whole.subarray(0, 15)), undefined);
  assert.equal(parseRequest(whole.subarray(0, 20)), undefined);
  const request = parseRequest(whole);
  assert.equal(request?.command, 7);
  assert.equal(request && textOf(request.data), 'lxc.arch');
  assert.equal(parseRequest(header(0, 0, -1))?.number, -1);
});

test('a length that is negative or larger than a request may be is refused', () => {
  assert.equal(parseRequest(header(7, -1)), null);
  assert.equal(parseRequest(header(7, 1 << 20)), null);
});

test('a response has a number in its pointer, or the length of the bytes that follow', () => {
  assert.deepEqual([...responseHeader({ data: 2 })], [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
  const bytes = responseHeader({ result: -9, data: Buffer.from('abc') });
  assert.deepEqual([bytes.readInt32LE(0), bytes.readInt32LE(4)], [-9, 3]);
});

test('a message of a state is a type, a name of 256 bytes and a number', () => {
  const message = stateMessage('web', 'FROZEN');
  assert.equal(message.length, 264);
  assert.equal(textOf(message.subarray(4)), 'web');
  assert.equal(message.readInt32LE(260), 6);
});

test('a long path is named by its hash', () => {
  // The reference values of FNV-1a with 64 bits.
  assert.equal(fnv64a(Buffer.from('')), 0xcbf29ce484222325n);
  assert.equal(fnv64a(Buffer.from('a')), 0xaf63dc4c8601ec8cn);
  assert.equal(socketName('/var/lib/lxc', 'web'), '/var/lib/lxc/web/command');
  assert.equal(socketName(`/${'x'.repeat(92)}`, 'web').length, 105);
  assert.match(socketName(`/${'x'.repeat(93)}`, 'web'), /^lxc\/[0-9a-f]{16}\/command$/);
});
