import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  parseBridgeSettings,
  readBridgeSettings,
  SETTING_VARIABLES,
} from '../../src/network/bridge-settings.ts';

test('the defaults', () => {
  assert.deepEqual(readBridgeSettings('/nowhere/tslxc-net'), {
    enabled: true,
    bridge: 'tslxcbr0',
    mac: '10:66:6a:00:00:00',
    address: undefined,
    prefix: 24,
    dhcpRange: undefined,
    dhcpMax: 253,
    dhcpConfigFile: undefined,
    dhcpPing: true,
    domain: 'tslxc',
    useNft: true,
    table: 'tslxc',
    ipv6: undefined,
  });
});

test('the shipped file names every variable with its default', () => {
  const shipped = readFileSync(new URL('../../config/tslxc-net', import.meta.url), 'utf8');
  const lines = [...shipped.matchAll(/^#(\w+)="(.*)"$/gm)].map(([, name, value]) => [name, value]);
  assert.deepEqual(
    Object.fromEntries(lines),
    Object.fromEntries(Object.entries(SETTING_VARIABLES).map(([name, { value }]) => [name, value])),
  );
  assert.deepEqual(parseBridgeSettings(shipped.replace(/^#(?=\w+=)/gm, '')), parseBridgeSettings(''));
});

test('values with either quotes or none, comments, export', () => {
  const settings = parseBridgeSettings(
    `# mine\nUSE_TSLXC_BRIDGE=false # off\nexport TSLXC_BRIDGE='br7'\nTSLXC_ADDR="192.168.7.1"
TSLXC_NETMASK=255.255.252.0\nTSLXC_NETWORK=192.168.4.0/22\nTSLXC_DHCP_RANGE=192.168.5.1,192.168.5.9
TSLXC_IPV6_ADDR=fd00:7::1\nTSLXC_IPV6_NETWORK=fd00:7::/64\nTSLXC_IPV6_NAT=true\nTSLXC_DOMAIN=`,
  );
  assert.equal(settings.enabled, false);
  assert.equal(settings.bridge, 'br7');
  assert.deepEqual([settings.address, settings.prefix], ['192.168.7.1', 22]);
  assert.deepEqual(settings.dhcpRange, ['192.168.5.1', '192.168.5.9']);
  assert.deepEqual(settings.ipv6, { address: 'fd00:7::1', prefix: 64, nat: true });
  assert.equal(settings.domain, '');
});

for (const [text, code, message] of [
  ['TSLXC_BRIDG=x', 'CONFIG_UNKNOWN_KEY', 'there is no variable TSLXC_BRIDG'],
  ['rm -rf /', 'CONFIG_SYNTAX', '"rm -rf /" is not of the form VARIABLE="value"'],
  ['TSLXC_BRIDGE=$(id)', 'CONFIG_SYNTAX', '"TSLXC_BRIDGE=$(id)" is not of the form VARIABLE="value"'],
  [
    'TSLXC_BRIDGE="a b"',
    'CONFIG_VALUE',
    'TSLXC_BRIDGE: "a b" has a character that interface names cannot have',
  ],
  [
    'TSLXC_BRIDGE=averylongbridge0',
    'CONFIG_VALUE',
    'TSLXC_BRIDGE: "averylongbridge0" is longer than 15 bytes',
  ],
  ['TSLXC_ADDR=10.0.4', 'CONFIG_VALUE', 'TSLXC_ADDR: "10.0.4" is not an IPv4 address'],
  ['TSLXC_NETMASK=255.0.255.0', 'CONFIG_VALUE', 'TSLXC_NETMASK: "255.0.255.0" is not a netmask'],
  ['TSLXC_NETMASK=255.255.255.255', 'CONFIG_VALUE', 'TSLXC_NETMASK: leaves no room for containers'],
  [
    'TSLXC_ADDR=10.0.4.1\nTSLXC_NETWORK=10.0.5.0/24',
    'CONFIG_VALUE',
    'TSLXC_NETWORK: the address is in 10.0.4.0/24',
  ],
  [
    'TSLXC_ADDR=10.0.4.1\nTSLXC_DHCP_RANGE=10.0.4.2,10.0.5.9',
    'CONFIG_VALUE',
    'TSLXC_DHCP_RANGE: not FIRST,LAST of the network of TSLXC_ADDR',
  ],
  ['USE_TSLXC_BRIDGE=yes', 'CONFIG_VALUE', 'USE_TSLXC_BRIDGE: "yes" is neither true nor false'],
  ['TSLXC_DHCP_MAX=many', 'CONFIG_VALUE', 'TSLXC_DHCP_MAX: not between 1 and 1000000'],
  ['TSLXC_DOMAIN="a/b"', 'CONFIG_VALUE', 'TSLXC_DOMAIN: "a/b" is not a domain name'],
  ['TSLXC_NFT_TABLE="t; flush"', 'CONFIG_VALUE', 'TSLXC_NFT_TABLE: "t; flush" is not a table name'],
  [
    'TSLXC_BRIDGE_MAC=xx:66:6a:00:00:00',
    'CONFIG_VALUE',
    'TSLXC_BRIDGE_MAC: "xx:66:6a:00:00:00" is not an Ethernet address',
  ],
] as const)
  test(`refused: ${text.replaceAll('\n', ' ')}`, () => {
    assert.throws(() => parseBridgeSettings(`\n${text}\n`, '/f'), {
      code,
      message,
      file: '/f',
      line: 1 + text.split('\n').length,
    });
  });
