import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadValue } from '../../src/config/values/bad-value.ts';
import { portsMeet, portText, publishedPort } from '../../src/config/values/published-port.ts';
import { parseListeners } from '../../src/network/ports/host-listeners.ts';
import { portFaultsOnHost } from '../../src/network/ports/port-checks.ts';
import { elementsOf, elementText } from '../../src/network/ports/port-rules.ts';

const parse = (text: string) => publishedPort.parse(text, { env: undefined });

test('published ports are read and written', () => {
  for (const [text, written] of [
    ['80', '80/tcp'],
    ['8080:80', '8080:80/tcp'],
    ['127.0.0.1:5432/tcp', '127.0.0.1:5432/tcp'],
    ['[FD42:0::1]:53/udp', '[fd42::1]:53/udp'],
    ['6000-6010:7000/sctp', '6000-6010:7000/sctp'],
    ['6000-6010:7000-7010', '6000-6010:7000/tcp'],
  ] as const)
    assert.equal(portText(parse(text)), written);
});

test('a bad published port is told with the place in it', () => {
  for (const [text, message, offset] of [
    ['0', /"0" is not a port/, 0],
    ['8080:65536', /"65536"/, 5],
    ['80/icmp', /"icmp"/, 3],
    ['90-80', /ends before/, 0],
    ['80-90:80-85', /another length/, 6],
    ['1-65535:2', /end after 65535/, 8],
    ['10.0.0.300:80', /not an IPv4 address/, 0],
    ['fd42::1:80', /too many parts/, 0],
  ] as const)
    assert.throws(
      () => parse(text),
      (error) => error instanceof BadValue && message.test(error.message) && error.offset === offset,
      text,
    );
});

test('ports meet where one packet may be meant by both', () => {
  const meet = (a: string, b: string) => portsMeet(parse(a), parse(b));
  assert.ok(meet('80', '127.0.0.1:80'));
  assert.ok(meet('70-80', '80-90'));
  assert.ok(!meet('80/tcp', '80/udp'));
  assert.ok(!meet('10.0.0.1:80', '10.0.0.2:80'));
});

test('a port becomes an element for each family that the container has an address of', () => {
  const nic = { name: 'web', lxcpath: '/l', index: 0, pid: 1, interface: 'eth0', link: 'br0' };
  const ports = [parse('8080-8081:80'), parse('127.0.0.1:53/udp')];
  const elements = elementsOf({ ...nic, ports, target4: '10.0.4.5' });
  assert.equal(
    elementText('t', 'add', elements),
    'add element inet t any4 { tcp . 8080 : 10.0.4.5 . 80, tcp . 8081 : 10.0.4.5 . 81 }\n' +
      'add element inet t own4 { 127.0.0.1 . udp . 53 : 10.0.4.5 . 53 }\n',
  );
  assert.equal(elementsOf({ ...nic, ports }).length, 0);
  assert.equal(elementsOf({ ...nic, ports, target4: '10.0.4.5', target6: 'fd42::5' }).length, 5);
});

test('listening sockets are read from /proc/net', () => {
  const text = `  sl  local_address rem_address   st
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 78 1
   2: 0100007F:1539 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 79 1
`;
  assert.deepEqual(parseListeners(text, '0A'), [
    { address: '127.0.0.1', port: 0x1538, inode: '77' },
    { port: 80, inode: '78' },
  ]);
});

test('a host without nft is told at the line of the port', () => {
  const origin = { file: '/l/web/config', line: 7 };
  const publish = [{ ...parse('8080:80'), origin }];
  const nic = { index: 0, type: 'veth', up: true, ipv4: [], ipv6: [], publish } as const;
  const self = { name: 'web', lxcpath: '/l' };
  const [fault, ...more] = portFaultsOnHost([nic], self, () => undefined);
  assert.deepEqual([fault?.code, fault?.file, fault?.line, more.length], ['TOOL_MISSING', origin.file, 7, 0]);
  assert.deepEqual(
    portFaultsOnHost([{ ...nic, publish: undefined }], self, () => undefined),
    [],
  );
});
