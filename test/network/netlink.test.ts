import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBridge, createVeth, findLink, listLinks } from '../../src/network/links.ts';
import { withNetlink } from '../../src/network/netlink.ts';
import { text } from '../../src/network/netlink-message.ts';
import { errorBody, fakeHost, fakeNetlink, linkBody } from './fake-netlink.ts';

test('a veth request in bytes: both ends, MTU, the peer in the namespace of a process', () => {
  const { kernel, requests, closed } = fakeHost({});
  withNetlink(kernel, (netlink) =>
    createVeth(
      netlink,
      { name: 'h0', mac: 'fe:00:00:00:00:01', mtu: 1400 },
      { name: 'eth0' },
      { pid: 4660 },
      7,
    ),
  );
  assert.equal(requests[0]!.type, 16);
  assert.equal(requests[0]!.flags, 0x605); // REQUEST ACK EXCL CREATE
  assert.equal(
    requests[0]!.body.toString('hex'),
    [
      '00000000000000000000000000000000', // ifinfomsg
      '07000300683000 00', // IFNAME h0
      '0a000100fe0000000001 0000', // ADDRESS
      '0800040078050000', // MTU
      '08000a0007000000', // MASTER
      '3c001280', // LINKINFO
      '0900010076657468 00000000', // KIND veth
      '2c000280 28000180', // DATA, PEER
      '00000000000000000000000000000000', // ifinfomsg
      '09000300657468300000 0000', // IFNAME eth0
      '0800130034120000', // NET_NS_PID
    ]
      .join('')
      .replaceAll(' ', ''),
  );
  assert.equal(closed(), 1);
});

test('a failed change tells the errno, the words of the kernel and the object', () => {
  const words = Buffer.concat([Buffer.alloc(16), text(1, 'no such thing here')]);
  const { kernel, closed } = fakeNetlink(() => [{ type: 2, flags: 0x300, body: errorBody(95, words) }]);
  assert.throws(
    () => withNetlink(kernel, (netlink) => createBridge(netlink, 'br9')),
    (error: { code?: string; errno?: string; message: string }) => {
      assert.equal(error.code, 'NETWORK_FAILED');
      assert.equal(error.errno, 'EOPNOTSUPP');
      assert.equal(error.message, 'create bridge "br9": no such thing here (EOPNOTSUPP)');
      return true;
    },
  );
  assert.equal(closed(), 1);
});

test('the request is stepped over where the kernel sends it back with the error', () => {
  const echoed = Buffer.alloc(20);
  echoed.writeUInt32LE(18, 0); // its length is not a multiple of four
  const body = errorBody(22, Buffer.concat([echoed, text(1, 'bad')]));
  const { kernel } = fakeNetlink(() => [{ type: 2, flags: 0x200, body }]);
  assert.throws(() => withNetlink(kernel, (n) => createBridge(n, 'br9')), /: bad \(EINVAL\)/);
});

test('answers to another request are passed over', () => {
  const { kernel } = fakeHost({ br0: { index: 5, kind: 'bridge' } });
  const recv = kernel.recv.bind(kernel);
  let stale = true;
  const odd = new Proxy(kernel, {
    get: (target, verb: keyof typeof kernel) =>
      verb === 'recv' && stale
        ? (_fd: number, buffer: Buffer) => {
            stale = false;
            buffer.writeUInt32LE(16, 0);
            buffer.writeUInt32LE(99, 8); // a sequence number that nobody used
            return 16;
          }
        : verb === 'recv'
          ? recv
          : target[verb],
  });
  assert.equal(withNetlink(odd, (netlink) => findLink(netlink, 'br0'))!.index, 5);
});

test('a kernel that does not answer is an error, not a hang', () => {
  const { kernel } = fakeNetlink(() => []);
  const mute = new Proxy(kernel, {
    get: (target, verb: keyof typeof kernel) => (verb === 'poll' ? () => [] : target[verb]),
  });
  assert.throws(() => withNetlink(mute, (n) => findLink(n, 'x')), /does not answer \(ETIMEDOUT\)/);
});

test('a dump that changed meanwhile is asked for again', () => {
  let tries = 0;
  const { kernel } = fakeNetlink(() => {
    const flags = ++tries === 1 ? 0x12 : 2;
    return [
      { type: 16, flags, body: linkBody('eth0', { index: 2 }) },
      { type: 3, flags, body: Buffer.alloc(4) },
    ];
  });
  const links = withNetlink(kernel, (netlink) => listLinks(netlink));
  assert.deepEqual(
    links.map(({ name }) => name),
    ['eth0'],
  );
  assert.equal(tries, 2);
});
