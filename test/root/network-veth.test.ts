/** Routed veths, their queues, routes, proxies and VLANs, in a network namespace of the test's own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { linuxKernel } from '../../src/kernel/linux.ts';
import { findLink } from '../../src/network/links.ts';
import { withNetlink } from '../../src/network/netlink.ts';
import { checkNics } from '../../src/network/nic-checks.ts';
import type { VethNic } from '../../src/network/nic-plan.ts';
import { releaseNicClaim } from '../../src/network/nics/nics.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost } from './harness/container-host.ts';
import { seconds } from './harness/slow.ts';
import { isRoot, leaveHostNetwork, sh, startGuest } from './network-guest.ts';

const kernel = linuxKernel();
const veth = (extra: Partial<VethNic> = {}): VethNic => ({
  index: 0,
  type: 'veth',
  up: true,
  ipv4: [],
  ipv6: [],
  ...extra,
});
const ping = '-c 1 -W 3';

test('routed and filtered veths', { skip: !isRoot, timeout: seconds(120) }, async (t) => {
  before(() => {
    leaveHostNetwork(kernel);
    // An uplink with a neighbour behind it, in a namespace of its own.
    sh(`ip link set lo up; ip link add up0 mtu 1400 type veth peer name far0; ip address add 10.98.0.1/24 dev up0
      ip address add fd98::1/64 dev up0 nodad; ip link set up0 up; ip link set far0 up
      ip route add default via 10.98.0.2; ip -6 route add default via fd98::2
      for v in 4 6; do echo 0 >/proc/sys/net/ipv$v/conf/up0/forwarding; done`);
  });

  await t.test('router mode: routes to the container, the host answers for the gateway', () => {
    covers('lxc.net.N.veth.mode', 'lxc.net.N.veth.n_rxqueues', 'lxc.net.N.veth.n_txqueues');
    covers('lxc.net.N.veth.ipv4.route', 'lxc.net.N.veth.ipv6.route');
    const guest = startGuest(kernel, [
      veth({
        mode: 'router',
        link: 'up0',
        pair: 'vethr',
        rxQueues: 2,
        txQueues: 3,
        ipv4: [{ address: '192.0.2.10', prefix: 32 }],
        ipv4Gateway: '169.254.1.1',
        ipv6: [{ address: 'fd97::10', prefix: 128 }],
        ipv6Gateway: 'fe80::1',
        ipv4Routes: [{ network: '10.77.0.0', prefix: 16 }],
        ipv6Routes: [{ network: 'fd77::', prefix: 64 }],
      }),
    ]);
    const host = withNetlink(kernel, (netlink) => findLink(netlink, 'vethr'))!;
    assert.deepEqual([host.master, host.mtu], [0, 1400], 'no port of anything, with the MTU of the link');
    assert.match(sh('ip route'), /^192\.0\.2\.10 dev vethr scope link/m);
    assert.match(sh('ip route'), /^10\.77\.0\.0\/16 dev vethr scope link/m);
    assert.match(sh('ip -6 route'), /^fd97::10 dev vethr/m);
    assert.match(sh('ip -6 route'), /^fd77::\/64 dev vethr/m);
    assert.match(
      sh('ip neigh show proxy; ip -6 neigh show proxy'),
      /169\.254\.1\.1 dev vethr[\s\S]*fe80::1 dev vethr/,
    );
    const inside = JSON.parse(guest.run('ip', '-j', '-d', 'link', 'show', 'eth0').stdout)[0];
    assert.deepEqual([inside.num_rx_queues, inside.num_tx_queues], [2, 3]);
    const outside = JSON.parse(sh('ip -j -d link show vethr'))[0];
    assert.deepEqual([outside.num_rx_queues, outside.num_tx_queues], [3, 2]);
    assert.equal(readFileSync('/proc/sys/net/ipv4/conf/vethr/forwarding', 'utf8').trim(), '1');
    // From the host to the container and back, and by way of the gateway that is not there to another network.
    sh(`ping ${ping} 192.0.2.10; ping -6 ${ping} fd97::10`.replaceAll('ping', 'busybox ping'));
    for (const target of ['10.98.0.1', 'fd98::1']) {
      const { status, stdout } = guest.run('busybox', 'ping', '-c', '1', '-W', '3', target);
      assert.equal(status, 0, stdout);
    }
    guest.stop();
    assert.doesNotMatch(sh('ip route; ip neigh show proxy'), /vethr/);
  });

  await t.test('router mode: auto is the address of the link, dev needs no gateway', () => {
    covers('lxc.net.N.ipv4.gateway', 'lxc.net.N.ipv6.gateway');
    const address = [{ address: '192.0.2.11', prefix: 32 }];
    const auto = startGuest(kernel, [
      veth({ mode: 'router', link: 'up0', ipv4: address, ipv4Gateway: 'auto' }),
    ]);
    assert.match(auto.run('ip', 'route').stdout, /^default via 10\.98\.0\.1 dev eth0/m);
    assert.equal(auto.run('busybox', 'ping', '-c', '1', '-W', '3', '10.98.0.1').status, 0);
    auto.stop();
    const dev = startGuest(kernel, [veth({ mode: 'router', ipv4: address, ipv4Gateway: 'dev' })]);
    assert.match(dev.run('ip', 'route').stdout, /^default dev eth0 scope link/m);
    assert.equal(dev.run('busybox', 'ping', '-c', '1', '-W', '3', '10.98.0.1').status, 0);
    dev.stop();
  });

  await t.test(
    'l2proxy: the host answers on the link, if it forwards there, and stops when the container does',
    () => {
      covers('lxc.net.N.l2proxy');
      const nic = veth({
        mode: 'router',
        link: 'up0',
        l2proxy: true,
        ipv4: [{ address: '10.98.0.50', prefix: 32 }],
        ipv4Gateway: 'auto',
        ipv6: [{ address: 'fd98::50', prefix: 128 }],
        origins: { l2proxy: { file: '/c/config', line: 7 } },
      });
      assert.throws(() => checkNics(kernel, [nic]), {
        message:
          /^lxc\.net\.0\.l2proxy: the host can only answer on "up0" if net\/ipv4\/conf\/up0\/forwarding is 1/,
        line: 7,
        hint: '`sysctl -w net/ipv4/conf/up0/forwarding=1`',
      });
      sh(
        'for f in ipv4/conf/up0/forwarding ipv6/conf/up0/forwarding ipv6/conf/up0/proxy_ndp; do echo 1 >/proc/sys/net/$f; done',
      );
      checkNics(kernel, [nic]);
      sh('ip neigh add proxy 10.98.0.51 dev up0');
      const guest = startGuest(kernel, [
        { ...nic, ipv4: [...nic.ipv4, { address: '10.98.0.51', prefix: 32 }] },
      ]);
      const { proxied = [] } = guest.nics[0]!;
      assert.deepEqual(
        proxied.map(({ address }) => address),
        ['10.98.0.50', 'fd98::50'],
        'what was there already is not ours',
      );
      assert.match(sh('ip neigh show proxy'), /10\.98\.0\.50 dev up0/);
      // The neighbour behind the link reaches the container as if it were on that wire.
      // No name for it: `ip netns` would leave a mount on the host.
      const far = sh("unshare -n sh -c 'sleep 60 >/dev/null 2>&1 & echo $!'").trim();
      const there = `nsenter -t ${far} -n`;
      sh(`ip link set far0 netns ${far}`);
      sh(`${there} ip address add 10.98.0.2/24 dev far0 && ${there} ip link set far0 up`);
      assert.match(sh(`${there} busybox ping -c 1 -W 3 10.98.0.50`), /1 packets received/);
      guest.stop();
      for (let twice = 0; twice < 2; twice++)
        releaseNicClaim(kernel, { type: 'proxies', link: 'up0', proxied });
      assert.doesNotMatch(sh('ip neigh show proxy; ip -6 neigh show proxy'), /::50|0\.50/);
      assert.match(sh('ip neigh show proxy'), /10\.98\.0\.51/);
      // Its end of the uplink goes with it, and so does ours.
      sh(`kill ${far}; ip link del up0 2>/dev/null; true`);
    },
  );

  await t.test('VLANs of a bridge that filters them', () => {
    covers('lxc.net.N.veth.vlan.id', 'lxc.net.N.veth.vlan.tagged.id');
    sh('ip link add br0 type bridge; ip link set br0 up');
    const nic = veth({ link: 'br0', pair: 'vethv', vlan: 7, taggedVlans: [8, 9] });
    const { vlans } = withNetlink(kernel, (netlink) => findLink(netlink, 'br0'))!;
    if (!vlans) {
      assert.throws(
        () => checkNics(kernel, [nic]),
        /veth\.vlan\.id: bridge "br0" cannot filter VLANs on this kernel/,
      );
      t.diagnostic('this kernel has no VLAN filtering');
      return;
    }
    assert.throws(() => checkNics(kernel, [nic]), /veth\.vlan\.id: bridge "br0" does not filter VLANs/);
    sh('ip link set br0 type bridge vlan_filtering 1');
    checkNics(kernel, [nic]);
    const seen = () => JSON.parse(sh('bridge -j vlan show dev vethv'))[0]?.vlans ?? [];
    const guest = startGuest(kernel, [nic]);
    assert.deepEqual(seen(), [{ vlan: 7, flags: ['PVID', 'Egress Untagged'] }, { vlan: 8 }, { vlan: 9 }]);
    guest.stop();
    const none = startGuest(kernel, [{ ...nic, vlan: 'none', taggedVlans: undefined }]);
    assert.deepEqual(seen(), []);
    none.stop();
  });

  await t.test('keys that contradict each other', () => {
    for (const [extra, message] of [
      [{ mode: 'router', vlan: 3 }, /veth\.vlan\.id: .*not in router mode/],
      [{ taggedVlans: [3] }, /veth\.vlan\.tagged\.id: .*lxc\.net\.0\.link names none/],
      [{ l2proxy: true }, /l2proxy: .*lxc\.net\.0\.link names none/],
      [{ mode: 'router', link: 'nolink0' }, /link: the host has no interface "nolink0"/],
    ] as const)
      assert.throws(() => checkNics(kernel, [veth(extra)]), message);
  });

  await t.test('a route that the host has already', () => {
    sh('ip link add br1 type bridge; ip link set br1 up; ip route add 10.66.0.0/16 dev br1');
    const nic = veth({ pair: 'vethx', ipv4Routes: [{ network: '10.66.0.0', prefix: 16 }] });
    assert.throws(
      () => startGuest(kernel, [nic]),
      /lxc\.net\.0\.veth\.ipv4\.route: add route 10\.66\.0\.0\/16 .*EEXIST/,
    );
    assert.equal(
      withNetlink(kernel, (netlink) => findLink(netlink, 'vethx')),
      undefined,
    );
  });

  await t.test(
    'the same keys in the config of a container; nothing of it stays when it is killed',
    async () => {
      const host = new ContainerHost({ manual: true });
      try {
        sh(`ip link add tslxct0 type bridge; ip address add 10.97.0.1/24 dev tslxct0; ip link set tslxct0 up
        echo 1 >/proc/sys/net/ipv4/conf/tslxct0/forwarding`);
        const nic = {
          type: 'veth',
          link: 'tslxct0',
          flags: 'up',
          'veth.mode': 'router',
          'veth.pair': 'vethc',
          'veth.n_rxqueues': '2',
          'veth.n_txqueues': '2',
          'ipv4.address': '10.97.0.9/32',
          'ipv4.gateway': 'auto',
          'veth.ipv4.route': '10.79.0.0/24',
          l2proxy: '1',
        };
        const config = Object.entries(nic).map(([key, value]) => `lxc.net.0.${key} = ${value}`);
        await new Busybox(host).start('routed', config.join('\n'), ['--', '/bin/sleep', '1000']);
        assert.match(await host.inside('routed', 'ip route'), /^default via 10\.97\.0\.1 dev eth0/m);
        assert.match(await host.inside('routed', 'ping -c 1 -W 3 10.97.0.1'), /1 packets received/);
        assert.match(sh('ip route'), /^10\.97\.0\.9 dev vethc.*\n(.*\n)*/m);
        assert.match(sh('ip route'), /^10\.79\.0\.0\/24 dev vethc/m);
        assert.match(sh('ip neigh show proxy'), /10\.97\.0\.9 dev tslxct0/);
        await host.kill('routed');
        assert.doesNotMatch(sh('ip neigh show proxy; ip route'), /vethc|10\.97\.0\.9 /);
      } finally {
        await host.dispose();
      }
    },
  );
});
