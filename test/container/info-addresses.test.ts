import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import {
  addressesOf,
  interfacesOf,
  parseInterfaces,
  parseIpv4,
  parseIpv6,
} from '../../src/container/observe/addresses.ts';

const FIB = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.3.0/24 2 0 2
        |-- 10.0.3.7
           /32 host LOCAL
        |-- 10.0.3.255
           /32 link BROADCAST
     |-- 192.168.7.1
        /32 host LOCAL
Local:
     |-- 10.0.3.7
        /32 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
`;
const ROUTE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0103000A	0003	0	0	0	00000000	0	0	0
eth0	0003000A	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;

test('IPv4 addresses with the interface whose network they are in', () => {
  assert.deepEqual(parseIpv4(FIB, ROUTE, ['lo', 'eth0', 'eth1']), [
    { interface: 'eth0', family: 'inet', address: '10.0.3.7' },
    { interface: '', family: 'inet', address: '192.168.7.1' },
  ]);
  assert.equal(parseIpv4(FIB, ROUTE, ['lo', 'eth0'])[1]?.interface, 'eth0');
});

test('IPv6 addresses without link-local and loopback ones', () => {
  const text = `fd000000000000000000000000000002 04 40 00 82     eth0
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
`;
  assert.deepEqual(parseIpv6(text), [{ interface: 'eth0', family: 'inet6', address: 'fd00::2' }]);
});

test('interfaces', () => {
  const dev = 'Inter-|   Receive\n face |bytes\n    lo: 0 0\nveth:1: 5 5\n';
  assert.deepEqual(parseInterfaces(dev), ['lo', 'veth']);
});

test('this host’s own, as Node sees them', () => {
  const expected = Object.entries(networkInterfaces())
    .filter(([name]) => name !== 'lo')
    .flatMap(([, list]) => list ?? [])
    .filter((entry) => !entry.internal && entry.family === 'IPv4')
    .map(({ address }) => address);
  const found = addressesOf(process.pid).filter(({ family }) => family === 'inet');
  // Node leaves out interfaces without a carrier (a bridge without ports): ours may be more.
  for (const address of expected)
    assert.ok(
      found.some((entry) => entry.address === address),
      address,
    );
  assert.ok(interfacesOf(process.pid).includes('lo'));
});

test('a process that is not there has none', () => {
  assert.deepEqual(addressesOf(999_999_999), []);
  assert.deepEqual(interfacesOf(999_999_999), []);
});

test('16,000 addresses, each in a network of its own, are put in order at once', () => {
  const octets = (i: number) => [10, (i >> 8) & 255, i & 255, 1];
  const numbers = Array.from({ length: 16_000 }, (_, i) => i);
  const trie = numbers.map((i) => `  |-- ${octets(i).join('.')}\n     /32 host LOCAL\n`).join('');
  const hex = (parts: number[]) => Buffer.from(parts.toReversed()).toString('hex').toUpperCase();
  const routes = numbers.map((i) => {
    const [a, b, c] = octets(i) as [number, number, number];
    return `eth${i}\t${hex([a, b, c, 0])}\t00000000\t0001\t0\t0\t0\t${hex([255, 255, 255, 0])}\t0\t0\t0`;
  });
  const begin = performance.now();
  const found = parseIpv4(trie, ['heading', ...routes].join('\n'), []);
  assert.ok(performance.now() - begin < 1000 * Number(process.env.TSLXC_TEST_PATIENCE ?? 1));
  assert.deepEqual(found[15_999], { interface: 'eth15999', family: 'inet', address: '10.62.127.1' });
});
