/** What the bridge service hands to other programs, and what it reads of theirs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseBridgeSettings } from '../../src/network/bridge-settings.ts';
import { dhcpServerPid, dnsmasqArguments, readLeases } from '../../src/network/dhcp-server.ts';
import { restoreInput } from '../../src/network/iptables-firewall.ts';
import { nftRules } from '../../src/network/nft-firewall.ts';
import { dhcpRangeOf, freeNetwork } from '../../src/network/subnet.ts';

const settings = {
  ...parseBridgeSettings(''),
  address: '10.0.4.1',
  dhcpRange: ['10.0.4.2', '10.0.4.254'] as const,
};
const files = { pidFile: '/r/net/dnsmasq.pid', leaseFile: '/l/leases', hostsDirectory: '/l/hosts' };

test('the first free network is taken', () => {
  const net = (address: string, prefix: number) => ({ address, prefix });
  assert.equal(freeNetwork([], 24), '10.0.4.1');
  assert.equal(freeNetwork([net('10.0.3.1', 24), net('192.0.2.0', 24)], 24), '10.0.4.1');
  assert.equal(freeNetwork([net('10.0.4.77', 32), net('10.0.6.0', 24)], 24), '10.0.5.1');
  assert.equal(freeNetwork([net('10.0.4.0', 22)], 24), '10.0.8.1');
  assert.equal(
    freeNetwork([net('10.0.0.0', 8)], 24),
    '10.0.4.1',
    'a wide route leaves room for a narrow one',
  );
  assert.equal(freeNetwork([net('10.0.0.0', 8), net('10.0.4.0', 24)], 24), '10.0.5.1');
  const all = Array.from({ length: 256 }, (_, i) => net(`10.0.${i}.0`, 24));
  assert.throws(() => freeNetwork(all, 24), { code: 'NETWORK_FAILED', hint: /TSLXC_ADDR/ });
});

test('leases are for all of the network but the bridge', () => {
  const range = (address: string, prefix: number) => dhcpRangeOf({ address, prefix });
  assert.deepEqual(range('10.0.4.1', 24), ['10.0.4.2', '10.0.4.254']);
  assert.deepEqual(range('10.0.4.254', 24), ['10.0.4.1', '10.0.4.253']);
  assert.deepEqual(range('10.0.4.100', 24), ['10.0.4.101', '10.0.4.254']);
  assert.deepEqual(range('192.168.4.1', 22), ['192.168.4.2', '192.168.7.254']);
});

test('one nftables table, replaced as a whole', () => {
  const rules = nftRules(settings);
  assert.match(rules, /^add table inet tslxc\ndelete table inet tslxc\ntable inet tslxc \{/);
  assert.match(rules, /ip saddr 10\.0\.4\.0\/24 ip daddr != 10\.0\.4\.0\/24 counter masquerade/);
  assert.doesNotMatch(rules, /ip6/);
  const both = nftRules({ ...settings, ipv6: { address: 'fd00::1', prefix: 64, nat: true } });
  assert.match(both, /ip6 saddr fd00::\/64 ip6 daddr != fd00::\/64 counter masquerade/);
});

test('iptables chains are ours, and each table is one commit', () => {
  assert.equal(
    restoreInput([
      { table: 'filter', from: 'INPUT', name: 't-input', rules: ['-i br -j ACCEPT'] },
      { table: 'nat', from: 'POSTROUTING', name: 't-nat', rules: ['-s 10.0.4.0/24 -j MASQUERADE'] },
    ]),
    '*filter\n:t-input - [0:0]\n-A t-input -i br -j ACCEPT\nCOMMIT\n' +
      '*nat\n:t-nat - [0:0]\n-A t-nat -s 10.0.4.0/24 -j MASQUERADE\nCOMMIT\n',
  );
});

test('dnsmasq is bound to the bridge and reads nothing of the host', () => {
  const args = dnsmasqArguments(settings, files, 'dnsmasq');
  for (const arg of [
    '--conf-file=/dev/null',
    '--no-hosts',
    '--user=dnsmasq',
    '--bind-interfaces',
    '--interface=tslxcbr0',
    '--except-interface=lo',
    '--listen-address=10.0.4.1',
    '--dhcp-range=10.0.4.2,10.0.4.254',
    '--domain=tslxc',
    '--local=/tslxc/',
  ])
    assert.ok(args.includes(arg), arg);
  assert.ok(!args.some((arg) => arg.startsWith('--no-ping')));
});

test('leases are read, what is not one is passed over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tslxc-leases-'));
  try {
    const leaseFile = join(folder, 'leases');
    assert.deepEqual(readLeases({ ...files, leaseFile }), []);
    writeFileSync(
      leaseFile,
      '1700000000 10:66:6a:00:00:0a 10.0.4.9 web 01:10\n0 10:66:6a:00:00:0b 10.0.4.10 * *\nduid 00:01\nrubbish\n',
    );
    assert.deepEqual(readLeases({ ...files, leaseFile }), [
      { expires: 1700000000, mac: '10:66:6a:00:00:0a', address: '10.0.4.9', name: 'web' },
      { expires: 0, mac: '10:66:6a:00:00:0b', address: '10.0.4.10', name: undefined },
    ]);
    const pidFile = join(folder, 'pid');
    for (const content of ['', 'x', '0', '1', '-1', String(process.pid)]) {
      writeFileSync(pidFile, content);
      assert.equal(dhcpServerPid({ ...files, pidFile }), undefined, `pid file with "${content}"`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
