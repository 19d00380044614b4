/** Veth nics on the real kernel, in a network namespace of the test's own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { linuxKernel } from '../../src/kernel/linux.ts';
import { addAddress, listAddresses } from '../../src/network/addresses.ts';
import { changeLink, createBridge, findLink, getLink, listLinks } from '../../src/network/links.ts';
import { withNetlink } from '../../src/network/netlink.ts';
import { checkNics } from '../../src/network/nic-checks.ts';
import { hasInterface, type NicPlan, type VethNic } from '../../src/network/nic-plan.ts';
import { createNic, releaseNicClaim, resolveNic } from '../../src/network/nics/nics.ts';
import { covers } from '../register/covers.ts';
import { seconds } from './harness/slow.ts';
import { type Guest, isRoot, leaveHostNetwork, startGuest } from './network-guest.ts';

const kernel = linuxKernel();
const guests: Guest[] = [];
const guest = (...nics: NicPlan[]) => {
  const made = startGuest(kernel, nics);
  guests.push(made);
  return made;
};
const veth = (extra: Partial<VethNic> = {}): VethNic => ({
  index: 0,
  type: 'veth',
  link: 'br0',
  up: true,
  ipv4: [],
  ipv6: [],
  ...extra,
});
const link = (name: string) => withNetlink(kernel, (netlink) => findLink(netlink, name));

test('nics', { skip: !isRoot, timeout: seconds(60) }, async (t) => {
  before(() => {
    leaveHostNetwork(kernel);
    withNetlink(kernel, (netlink) => {
      changeLink(netlink, getLink(netlink, 'lo'), { up: true });
      createBridge(netlink, 'br0', '10:66:6a:00:00:00');
      const bridge = getLink(netlink, 'br0');
      addAddress(netlink, bridge, { family: 4, address: '10.99.0.1', prefix: 24 });
      addAddress(netlink, bridge, { family: 6, address: 'fd99::1', prefix: 64 });
      changeLink(netlink, bridge, { up: true, mtu: 1400 });
    });
  });
  after(() => {
    for (const one of guests) one.stop();
  });

  await t.test('addresses, gateways, MTU, MAC and name as planned; packets pass', () => {
    covers('lxc.net.N.name', 'lxc.net.N.hwaddr', 'lxc.net.N.mtu');
    covers(
      'lxc.net.N.ipv4.address',
      'lxc.net.N.ipv4.gateway',
      'lxc.net.N.ipv6.address',
      'lxc.net.N.ipv6.gateway',
    );
    const one = guest(
      veth({
        name: 'net0',
        hwaddr: '10:66:6a:xx:xx:xx',
        ipv4: [{ address: '10.99.0.5', prefix: 24 }],
        ipv4Gateway: 'auto',
        ipv6: [{ address: 'fd99::5', prefix: 64 }],
        ipv6Gateway: 'auto',
      }),
    );
    const seen = JSON.parse(one.run('ip', '-j', 'address', 'show', 'net0').stdout)[0];
    assert.equal(seen.mtu, 1400);
    assert.equal(seen.address, one.nics.filter(hasInterface)[0]!.hwaddr);
    assert.deepEqual(
      seen.addr_info
        .filter(({ scope }: { scope: string }) => scope === 'global')
        .map((a: { local: string; prefixlen: number; broadcast?: string }) => [
          a.local,
          a.prefixlen,
          a.broadcast,
        ]),
      [
        ['10.99.0.5', 24, '10.99.0.255'],
        ['fd99::5', 64, undefined],
      ],
    );
    assert.match(one.run('ip', 'route').stdout, /^default via 10\.99\.0\.1 dev net0/m);
    assert.match(one.run('ip', '-6', 'route').stdout, /^default via fd99::1 dev net0/m);
    assert.match(one.run('ip', 'address', 'show', 'lo').stdout, /UP/);
    for (const target of ['10.99.0.1', 'fd99::1', '127.0.0.1']) {
      const ping = one.run('busybox', 'ping', '-c', '1', '-W', '2', target);
      assert.equal(ping.status, 0, `${target}: ${ping.stdout}${ping.stderr}`);
    }
    const host = one.host[0]!;
    assert.match(host, /^veth[A-Za-z0-9]{6}$/);
    const hostLink = link(host)!;
    assert.deepEqual([hostLink.master, hostLink.mtu], [link('br0')!.index, 1400]);
    assert.ok(hostLink.mac.startsWith('fe:'));
    assert.ok(hostLink.up && hostLink.statistics.rxBytes > 0);
    assert.deepEqual(
      withNetlink(kernel, (n) => listAddresses(n, hostLink.index)),
      [],
      'the host end has no link-local address',
    );
    assert.equal(link('br0')!.mac, '10:66:6a:00:00:00');
    one.stop();
    assert.equal(link(host), undefined);
    // Once more is no error.
    releaseNicClaim(kernel, { type: 'veth', host });
  });

  await t.test('two guests reach each other over the bridge, on the same port', () => {
    const [a, b] = [5, 6].map((n) => guest(veth({ ipv4: [{ address: `10.99.0.${n}`, prefix: 24 }] })));
    assert.equal(a!.run('busybox', 'ping', '-c', '1', '-W', '2', '10.99.0.6').status, 0);
    assert.equal(b!.run('busybox', 'ping', '-c', '1', '-W', '2', '10.99.0.5').status, 0);
    const ports = withNetlink(kernel, (n) => listLinks(n, getLink(n, 'br0').index)).map(({ name }) => name);
    assert.deepEqual(ports.sort(), [a!.host[0]!, b!.host[0]!].sort());
    a!.stop();
    b!.stop();
  });

  await t.test('a gateway outside of the networks of the nic, and the nic itself as gateway', () => {
    const one = guest(veth({ ipv4: [{ address: '192.0.2.77', prefix: 32 }], ipv4Gateway: '10.99.0.1' }));
    assert.match(
      one.run('ip', 'route').stdout,
      /^default via 10\.99\.0\.1 dev eth0\s*\n10\.99\.0\.1 dev eth0/m,
    );
    const two = guest(
      veth({ ipv4: [{ address: '10.99.0.8', prefix: 32 }], ipv4Gateway: 'dev', ipv6Gateway: 'dev' }),
    );
    assert.match(two.run('ip', 'route').stdout, /^default dev eth0/m);
    assert.match(two.run('ip', '-6', 'route').stdout, /^default dev eth0/m);
    one.stop();
    two.stop();
  });

  await t.test('several nics, one of them down, one without a bridge, MTU of its own', () => {
    covers('lxc.net.N.veth.pair');
    const one = guest(veth({ up: false }), veth({ index: 1, link: undefined, mtu: 1300, pair: 'vethown' }), {
      ...veth({ index: 2 }),
      type: 'empty',
    });
    const links = JSON.parse(one.run('ip', '-j', 'link').stdout) as {
      ifname: string;
      flags: string[];
      mtu: number;
    }[];
    const shown = Object.fromEntries(
      links.map(({ ifname, flags, mtu }) => [ifname, [flags.includes('UP'), mtu]]),
    );
    assert.deepEqual(
      [shown.eth0, shown.eth1, shown.lo],
      [
        [false, 1400],
        [true, 1300],
        [true, 65536],
      ],
    );
    assert.equal(link('vethown')!.mtu, 1300);
    assert.equal(link('vethown')!.master, 0);
    assert.throws(() => checkNics(kernel, [veth({ pair: 'vethown' })]), /"vethown" already/);
    one.stop();
  });

  await t.test('loopback only', () => {
    const one = guest({ index: 0, type: 'empty' });
    assert.equal(one.run('busybox', 'ping', '-c', '1', '-W', '2', '127.0.0.1').status, 0);
    const outside = one.run('busybox', 'ping', '-c', '1', '-W', '2', '10.99.0.1');
    assert.match(outside.stderr, /Network is unreachable/);
    assert.equal(one.host[0], undefined);
    one.stop();
  });

  await t.test('errors of the stage name the nic and the key', () => {
    const bad = veth({ ipv4: [{ address: '10.99.0.5', prefix: 24 }], ipv4Gateway: '10.99.0.1', up: false });
    assert.throws(
      () => guest(bad),
      /lxc\.net\.0\.ipv4\.gateway: .* on interface "eth0": Device for nexthop is not up/,
    );
    assert.throws(() => guest(veth({ ipv6: [{ address: 'ff02::1', prefix: 64 }] })), {
      message:
        /^lxc\.net\.0\.ipv6\.address: add address ff02::1\/64 to interface "eth0": .*(EADDRNOTAVAIL|EINVAL)/,
    });
  });

  await t.test('a failure on the way leaves no link', () => {
    const before = withNetlink(kernel, (n) => listLinks(n)).length;
    const { nic, claims } = resolveNic(kernel, veth(), '/nowhere');
    assert.throws(
      () => createNic(kernel, nic, { pid: 0x3fffffff }, claims),
      /lxc\.net\.0\.type: create veth pair/,
    );
    assert.equal(withNetlink(kernel, (n) => listLinks(n)).length, before);
    assert.throws(() => resolveNic(kernel, veth({ link: 'nobr', ipv4Gateway: 'auto' }), '/nowhere'), {
      code: 'INTERFACE_MISSING',
    });
  });

  await t.test('only a veth is ever deleted as a host side', () => {
    releaseNicClaim(kernel, { type: 'veth', host: 'br0' });
    assert.ok(link('br0'));
  });

  await t.test('nothing is left of guests that were stopped', () => {
    for (const one of guests) one.stop();
    const names = withNetlink(kernel, (n) => listLinks(n)).map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.startsWith('veth')),
      [],
    );
  });
});
