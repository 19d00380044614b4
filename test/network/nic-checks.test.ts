import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TslxcError } from '../../src/errors/tslxc-error.ts';
import { interfaceNameFault, randomHostName } from '../../src/network/interface-name.ts';
import { hostEndMac, resolveMac } from '../../src/network/mac-address.ts';
import { checkNics, nicFaults } from '../../src/network/nic-checks.ts';
import type { NicPlan, VethNic } from '../../src/network/nic-plan.ts';
import { fakeHost } from './fake-netlink.ts';

const veth = (extra: Partial<VethNic> = {}): VethNic => ({
  index: 0,
  type: 'veth',
  up: true,
  ipv4: [],
  ipv6: [],
  ...extra,
});
const messages = (...nics: NicPlan[]) => nicFaults(nics).map(({ message }) => message);

test('a sound nic has no fault', () => {
  assert.deepEqual(
    messages(
      veth({
        link: 'br0',
        name: 'eth0',
        hwaddr: '10:66:6a:xx:xx:xx',
        mtu: 1400,
        pair: 'vethA',
        ipv4: [{ address: '10.0.4.5', prefix: 24, broadcast: '10.0.4.255' }],
        ipv4Gateway: 'auto',
        ipv6: [{ address: 'fd00::5', prefix: 64 }],
        ipv6Gateway: 'fe80::1',
      }),
    ),
    [],
  );
  assert.deepEqual(messages({ ...veth(), type: 'empty' }), []);
  assert.deepEqual(messages({ ...veth(), type: 'none' }), []);
});

for (const [what, nic, expected] of [
  [
    'long name',
    { name: 'a234567890123456' },
    'lxc.net.0.name: interface name "a234567890123456" is longer than 15 bytes',
  ],
  [
    'long pair',
    { pair: 'a234567890123456' },
    'lxc.net.0.veth.pair: interface name "a234567890123456" is longer than 15 bytes',
  ],
  [
    'odd name',
    { name: 'e/0' },
    'lxc.net.0.name: interface name "e/0" has a character that interface names cannot have',
  ],
  ['loopback', { name: 'lo' }, 'lxc.net.0.name: interface name "lo" is the loopback interface'],
  ['mtu', { mtu: 10 }, 'lxc.net.0.mtu: 10 is not between 68 and 65535'],
  [
    'multicast',
    { hwaddr: '11:66:6a:00:00:00' },
    'lxc.net.0.hwaddr: "11:66:6a:00:00:00" is a multicast address',
  ],
  [
    'bad mac',
    { hwaddr: '10:66' },
    'lxc.net.0.hwaddr: "10:66" is not of the form aa:bb:cc:dd:ee:ff (x for a random digit)',
  ],
  [
    'v4',
    { ipv4: [{ address: '1.2.3', prefix: 8 }] },
    'lxc.net.0.ipv4.address: "1.2.3" is not an IPv4 address',
  ],
  [
    'prefix',
    { ipv6: [{ address: '::1', prefix: 129 }] },
    'lxc.net.0.ipv6.address: prefix length 129 is not between 0 and 128',
  ],
  [
    'gateway',
    { ipv4Gateway: 'fe80::1' },
    'lxc.net.0.ipv4.gateway: "fe80::1" is neither an IPv4 address nor auto nor dev',
  ],
  [
    'auto',
    { ipv4Gateway: 'auto' },
    'lxc.net.0.ipv4.gateway: "auto" is the address of the bridge, and lxc.net.0.link names none',
  ],
  [
    'gateway of an interface that stays down',
    { up: false, ipv6Gateway: 'dev' },
    'lxc.net.0.ipv6.gateway: a gateway needs the interface up, and lxc.net.0.flags does not say so',
  ],
  [
    'v6 mtu',
    { mtu: 1000, ipv6: [{ address: '::1', prefix: 128 }] },
    'lxc.net.0.mtu: IPv6 needs an MTU of 1280, and 1000 is given',
  ],
] as const)
  test(`fault: ${what}`, () => assert.deepEqual(messages(veth(nic as Partial<VethNic>)), [expected]));

test('two nics of one name, and a nic beside none', () => {
  assert.deepEqual(messages(veth({ name: 'eth1' }), veth({ index: 1 })), [
    'lxc.net.1.name: "eth1" is the name of lxc.net.0 already',
  ]);
  assert.deepEqual(messages(veth({ pair: 'p' }), veth({ index: 1, pair: 'p' })), [
    'lxc.net.1.veth.pair: "p" is the name of lxc.net.0 already',
  ]);
  const [lower, upper] = ['10:66:6a:00:00:0a', '10:66:6A:00:00:0A'];
  assert.deepEqual(messages(veth({ hwaddr: lower }), veth({ index: 1, hwaddr: upper })), [
    `lxc.net.1.hwaddr: "${lower}" is the address of lxc.net.0 already`,
  ]);
  const drawn = '10:66:6a:xx:xx:xx';
  assert.deepEqual(messages(veth({ hwaddr: drawn }), veth({ index: 1, hwaddr: drawn })), []);
  assert.equal(nicFaults([veth(), { ...veth({ index: 1 }), type: 'none' }])[0]!.code, 'CONFIG_CONFLICT');
});

test('one default route of each family', () => {
  const other = (extra: Partial<VethNic>) => veth({ index: 1, ...extra });
  assert.deepEqual(messages(veth({ ipv4Gateway: 'dev' }), other({ ipv4Gateway: '10.9.2.1' })), [
    'lxc.net.1.ipv4.gateway: the default route of the container is already that of lxc.net.0.ipv4.gateway',
  ]);
  assert.deepEqual(messages(veth({ ipv4Gateway: 'dev' }), other({ ipv6Gateway: 'dev' })), []);
});

test('a missing bridge is named, with the line and a remedy', () => {
  const { kernel } = fakeHost({});
  const origins = { link: { file: '/c/config', line: 12, column: 18 } };
  assert.throws(
    () => checkNics(kernel, [veth({ link: 'br9', origins })]),
    (error: TslxcError) => {
      assert.equal(error.code, 'BRIDGE_MISSING');
      assert.equal(error.message, 'lxc.net.0.link: bridge "br9" does not exist');
      assert.equal(error.file, '/c/config');
      assert.deepEqual([error.line, error.column], [12, 18]);
      assert.match(error.hint!, /ip link add br9 type bridge.*tslxc-net start/);
      return true;
    },
  );
});

test('a link that is no bridge, and a host name in use', () => {
  const { kernel } = fakeHost({ eth0: { index: 2 }, br0: { index: 3, kind: 'bridge' } });
  assert.throws(() => checkNics(kernel, [veth({ link: 'eth0' })]), /interface "eth0" is not a bridge/);
  assert.throws(() => checkNics(kernel, [veth({ link: 'br0', pair: 'eth0' })]), /interface "eth0" already/);
  checkNics(kernel, [veth({ link: 'br0' }), veth({ index: 1 })]);
  // A dry run takes for there what a start makes; what is there is looked at all the same.
  checkNics(kernel, [veth({ link: 'br9' })], new Set(['br9']));
  assert.throws(() => checkNics(kernel, [veth({ link: 'eth0' })], new Set(['eth0'])), /is not a bridge/);
});

test('names are drawn until one is free', () => {
  const seen: string[] = [];
  const name = randomHostName('veth', (candidate) => seen.push(candidate) < 3);
  assert.equal(name, seen[2]);
  assert.match(name, /^veth[A-Za-z0-9]{6}$/);
  assert.equal(interfaceNameFault(name), undefined);
  assert.throws(() => randomHostName('veth', () => true), { code: 'NETWORK_FAILED' });
});

test('random digits of a MAC are unicast, the given ones stay', () => {
  for (let i = 0; i < 200; i++) {
    const mac = resolveMac('xX:66:6A:xx:xx:xx');
    assert.match(mac, /^[0-9a-f][02468ace]:66:6a(:[0-9a-f]{2}){3}$/);
  }
  assert.match(hostEndMac(), /^fe(:[0-9a-f]{2}){5}$/);
  assert.throws(() => resolveMac('01:00:00:00:00:00'), RangeError);
});
