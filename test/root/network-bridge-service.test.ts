/** The default bridge on the real kernel, in a network namespace of the test's own: DHCP, DNS, NAT, repair, undo. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { linuxKernel } from '../../src/kernel/linux.ts';
import type { BridgeService } from '../../src/network/bridge-plan.ts';
import {
  ensureBridge,
  releaseName,
  reserveName,
  startBridge,
  stopBridge,
} from '../../src/network/bridge-service.ts';
import { type BridgeSettings, parseBridgeSettings } from '../../src/network/bridge-settings.ts';
import { bridgeStatus } from '../../src/network/bridge-status.ts';
import { findLink } from '../../src/network/links.ts';
import { withNetlink } from '../../src/network/netlink.ts';
import type { VethNic } from '../../src/network/nic-plan.ts';
import { seconds } from './harness/slow.ts';
import { alive, type Guest, isRoot, leaveHostNetwork, sh, startGuest } from './network-guest.ts';

const kernel = linuxKernel();
const BRIDGE = 'tslxctst0';
const TABLE = 'tslxctst';
const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
let folder = '';
const guests: Guest[] = [];

function service(extra: Partial<BridgeSettings> = {}): BridgeService {
  const settings = {
    ...parseBridgeSettings(`TSLXC_BRIDGE=${BRIDGE}\nTSLXC_NFT_TABLE=${TABLE}\n`),
    dhcpPing: false,
    dhcpConfigFile: join(folder, 'dnsmasq.conf'),
    ...extra,
  };
  return { kernel, settings, runDirectory: join(folder, 'run'), leaseDirectory: join(folder, 'leases') };
}

const nic = (extra: Partial<VethNic> = {}): VethNic => ({
  index: 0,
  type: 'veth',
  link: BRIDGE,
  up: true,
  ipv4: [],
  ipv6: [],
  ...extra,
}); // one line

function guest(extra: Partial<VethNic> = {}): Guest {
  const made = startGuest(kernel, [nic(extra)]);
  guests.push(made);
  return made;
}

/** A DHCP client in the guest's namespace. Its script touches that namespace's eth0 and a file of the test's. */
function lease(
  one: Guest,
  ...options: string[]
): { ip: string; router: string; dns: string; domain: string } {
  const script = join(folder, 'udhcpc.sh');
  const out = join(folder, `lease.${one.pid}`);
  writeFileSync(
    script,
    `#!/bin/sh\n[ "$1" = bound ] || exit 0\nip address add "$ip/$mask" dev "$interface"\n` +
      `ip route add default via "$router" dev "$interface"\n` +
      `echo "{\\"ip\\":\\"$ip\\",\\"router\\":\\"$router\\",\\"dns\\":\\"$dns\\",\\"domain\\":\\"$domain\\"}" > ${out}\n`,
  );
  chmodSync(script, 0o755);
  const client = one.run(
    'busybox',
    'udhcpc',
    '-f',
    '-q',
    '-n',
    '-t',
    '10',
    '-T',
    '1',
    '-i',
    'eth0',
    '-s',
    script,
    ...options,
  );
  assert.equal(client.status, 0, client.stderr);
  return JSON.parse(readFileSync(out, 'utf8'));
}

const link = (name: string) => withNetlink(kernel, (netlink) => findLink(netlink, name));
const tables = () => sh('nft list tables');
const servers = () =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--interface=${BRIDGE}\0`);
    } catch {
      return false;
    }
  });

function assertNothingLeft(): void {
  assert.equal(link(BRIDGE), undefined);
  assert.equal(tables().includes(TABLE), false);
  assert.deepEqual(servers(), []);
  assert.equal(readFileSync(FORWARDING, 'utf8').trim(), '0');
  assert.deepEqual(existsSync(join(folder, 'run/net')) ? readdirSync(join(folder, 'run/net')) : ['lock'], [
    'lock',
  ]);
  assert.equal(existsSync(join(folder, 'leases', `dnsmasq.${BRIDGE}.hosts`)), false);
}

test('the default bridge', { skip: !isRoot, timeout: seconds(120) }, async (t) => {
  before(() => {
    leaveHostNetwork(kernel);
    folder = mkdtempSync(join(tmpdir(), 'tslxc-net-test-'));
    chmodSync(folder, 0o711);
    mkdirSync(join(folder, 'leases'));
    // No name server of the host: what is not a container's name is answered at once.
    writeFileSync(join(folder, 'dnsmasq.conf'), 'no-resolv\n');
    sh('ip link set lo up');
    writeFileSync(FORWARDING, '0');
  });
  after(async () => {
    for (const one of guests) one.stop();
    await stopBridge(service(), { force: true }).catch(() => {});
    for (const pid of servers()) kernel.kill(Number(pid), 9);
    rmSync(folder, { recursive: true, force: true });
  });

  await t.test('status before a start; a stop of nothing', async () => {
    const status = await bridgeStatus(service());
    assert.deepEqual(
      [status.started, status.exists, status.leases, status.firewallActive],
      [false, false, [], false],
    );
    assert.equal(await stopBridge(service()), false);
  });

  await t.test('a start makes bridge, address, rules, forwarding and DHCP server', async () => {
    const status = await startBridge(service());
    assert.equal(status.address, '10.0.4.1/24');
    assert.equal(status.network, '10.0.4.0/24');
    assert.deepEqual(status.dhcpRange, ['10.0.4.2', '10.0.4.254']);
    assert.ok(status.up && alive(status.dhcpPid!) && status.firewallActive);
    assert.equal(status.firewall, 'nft');
    assert.deepEqual(status.warnings, []);
    assert.equal(link(BRIDGE)!.mac, '10:66:6a:00:00:00');
    assert.equal(readFileSync(FORWARDING, 'utf8').trim(), '1');
    assert.notEqual(readFileSync(`/proc/${status.dhcpPid}/status`, 'utf8').match(/^Uid:\s+(\d+)/m)![1], '0');
    JSON.stringify(status);
  });

  await t.test('a second start changes nothing', async () => {
    const first = await bridgeStatus(service());
    assert.deepEqual(await startBridge(service()), first);
    assert.equal(await ensureBridge(service(), BRIDGE), true);
    assert.equal(await ensureBridge(service(), 'otherbr'), false);
  });

  await t.test('a container gets a lease, its name resolves, the gateway answers', async () => {
    const one = guest({ hwaddr: '10:66:6a:00:00:0a' });
    const got = lease(one, '-x', 'hostname:webone');
    assert.match(got.ip, /^10\.0\.4\.\d+$/);
    assert.deepEqual([got.router, got.dns, got.domain], ['10.0.4.1', '10.0.4.1', 'tslxc']);
    assert.equal(one.run('busybox', 'ping', '-c', '1', '-W', '2', got.router).status, 0);
    const { leases, ports } = await bridgeStatus(service());
    assert.deepEqual(ports, [one.host[0]!]);
    assert.deepEqual(
      leases.map(({ mac, address, name }) => [mac, address, name]),
      [['10:66:6a:00:00:0a', got.ip, 'webone']],
    );
    const answer = one.run('busybox', 'nslookup', 'webone.tslxc', got.dns);
    assert.ok(answer.stdout.includes(got.ip), answer.stdout);
    const again = lease(one, '-x', 'hostname:webone', '-C');
    assert.equal(again.ip, got.ip, 'the MAC decides, not the client id');
    await assert.rejects(stopBridge(service()), { code: 'HAS_DEPENDANTS' });
    one.stop();
  });

  await t.test('a reserved name belongs to its MAC, and is released', async () => {
    const one = guest({ hwaddr: '10:66:6a:00:00:0b' });
    assert.equal(
      reserveName(service(), { container: 'db', mac: '10:66:6a:00:00:0b', address: '10.0.4.77' }),
      true,
    );
    assert.equal(reserveName(service(), { container: 'under_score', mac: '10:66:6a:00:00:0b' }), false);
    await sleep(300); // dnsmasq reads the file when inotify tells
    assert.equal(lease(one).ip, '10.0.4.77');
    assert.ok(one.run('busybox', 'nslookup', 'db.tslxc', '10.0.4.1').stdout.includes('10.0.4.77'));
    releaseName(service(), 'db');
    assert.deepEqual(readdirSync(join(folder, 'leases', `dnsmasq.${BRIDGE}.hosts`)), []);
    one.stop();
  });

  await t.test('containers speak as the host to the world outside', () => {
    // The outside: a namespace that knows no way back to 10.0.4.0/24.
    const outside = startGuest(kernel, [
      nic({ link: undefined, pair: 'wan0', ipv4: [{ address: '198.51.100.2', prefix: 24 }] }),
    ]);
    guests.push(outside);
    sh('ip address add 198.51.100.1/24 dev wan0');
    const one = guest({ ipv4: [{ address: '10.0.4.200', prefix: 24 }], ipv4Gateway: 'auto' });
    const ping = one.run('busybox', 'ping', '-c', '1', '-W', '2', '198.51.100.2');
    assert.equal(ping.status, 0, ping.stdout);
    one.stop();
    outside.stop();
  });

  await t.test("another firewall's drop policy is told, with what mends it", async () => {
    sh(`nft 'add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; };
        add chain ip filter DOCKER-USER; add rule ip filter FORWARD jump DOCKER-USER'`);
    const { warnings } = await bridgeStatus(service());
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!.message, /^Docker drops forwarded packets/);
    sh(warnings[0]!.fix!);
    assert.deepEqual((await bridgeStatus(service())).warnings, []);
    sh('nft delete table ip filter');
  });

  await t.test('what was broken is repaired by the next start', async () => {
    const { dhcpPid } = await bridgeStatus(service());
    kernel.kill(dhcpPid!, 9);
    while (alive(dhcpPid!)) await sleep(5);
    assert.equal((await bridgeStatus(service())).dhcpPid, undefined);
    await ensureBridge(service(), BRIDGE);
    assert.ok(alive((await bridgeStatus(service())).dhcpPid!));
    sh(`nft delete table inet ${TABLE}; ip link set ${BRIDGE} down; ip address flush dev ${BRIDGE}`);
    const repaired = await startBridge(service());
    assert.ok(repaired.firewallActive && repaired.up);
    assert.equal(repaired.address, '10.0.4.1/24');
    assert.equal(servers().length, 1);
  });

  await t.test('a stop undoes it all but the leases', async () => {
    assert.equal(await stopBridge(service()), true);
    assertNothingLeft();
    assert.ok(existsSync(join(folder, 'leases', `dnsmasq.${BRIDGE}.leases`)));
    assert.equal(await stopBridge(service()), false);
  });

  await t.test('a network in use is passed over, and forwarding that was on stays on', async () => {
    sh('ip link add wan1 type bridge; ip link set wan1 up; ip address add 10.0.4.9/22 dev wan1');
    writeFileSync(FORWARDING, '1');
    assert.equal((await startBridge(service())).address, '10.0.8.1/24');
    await stopBridge(service());
    assert.equal(readFileSync(FORWARDING, 'utf8').trim(), '1');
    const asked = await startBridge(service({ address: '10.0.4.1' }));
    assert.deepEqual(asked.warnings, [], 'a wider network elsewhere is no harm');
    await stopBridge(service());
    sh('ip link delete wan1');
    writeFileSync(FORWARDING, '0');
    assertNothingLeft();
  });

  await t.test('IPv6 when it is asked for', async () => {
    const status = await startBridge(service({ ipv6: { address: 'fd42::1', prefix: 64, nat: true } }));
    assert.equal(status.ipv6Address, 'fd42::1/64');
    assert.match(sh(`ip -6 address show dev ${BRIDGE}`), /fd42::1\/64/);
    assert.match(sh(`nft list table inet ${TABLE}`), /ip6 saddr fd42::\/64/);
    const one = guest();
    for (let i = 0; i < 100 && !one.run('ip', '-6', 'route').stdout.includes('fd42::/64'); i++)
      await sleep(100);
    assert.match(one.run('ip', '-6', 'route').stdout, /default via fe80/);
    one.stop();
    await stopBridge(service());
    assert.equal(readFileSync('/proc/sys/net/ipv6/conf/all/forwarding', 'utf8').trim(), '0');
    assertNothingLeft();
  });

  await t.test("somebody else's bridge of that name keeps what is theirs", async () => {
    sh(`ip link add ${BRIDGE} type bridge; ip address add 10.77.0.1/24 dev ${BRIDGE}`);
    const status = await startBridge(service());
    assert.equal(status.address, '10.77.0.1/24');
    assert.deepEqual(status.dhcpRange, ['10.77.0.2', '10.77.0.254']);
    await stopBridge(service());
    assert.match(sh(`ip address show dev ${BRIDGE}`), /10\.77\.0\.1\/24/);
    sh(`ip link delete ${BRIDGE}; ip link add ${BRIDGE} type veth peer name other0`);
    await assert.rejects(startBridge(service()), /is there and is not a bridge/);
    sh(`ip link delete ${BRIDGE}`);
    assertNothingLeft();
  });

  await t.test('switched off, it does nothing', async () => {
    const off = service({ enabled: false });
    assert.equal((await startBridge(off)).started, false);
    assert.equal(await ensureBridge(off, BRIDGE), false);
    assertNothingLeft();
  });

  await t.test('a start that fails half-way undoes itself', async () => {
    writeFileSync(join(folder, 'bad.conf'), 'no-such-option\n');
    await assert.rejects(startBridge(service({ dhcpConfigFile: join(folder, 'bad.conf') })), {
      code: 'NETWORK_FAILED',
      message: /start the DHCP server on tslxctst0: dnsmasq: .*bad\.conf/,
    });
    assertNothingLeft();
  });

  await t.test('many starts at once, from several processes', async () => {
    const processes = Array.from({ length: 3 }, () => startElsewhere(service()));
    await Promise.all([
      startBridge(service()),
      startBridge(service()),
      ...processes.map((child) => once(child, 'exit')),
    ]);
    assert.deepEqual(
      processes.map(({ exitCode }) => exitCode),
      [0, 0, 0],
    );
    assert.equal(servers().length, 1);
    await stopBridge(service());
    assertNothingLeft();
  });

  await t.test('killed at any point of a start, a stop clears up; so does a start and a stop', async () => {
    const whole = Date.now();
    const [code] = await once(startElsewhere(service()), 'exit');
    const duration = Date.now() - whole;
    assert.equal(code, 0);
    await stopBridge(service());
    for (let i = 0; i < 16; i++) {
      const child = startElsewhere(service());
      const exit = once(child, 'exit');
      await sleep(duration * (0.3 + 0.7 * (i / 16)));
      child.kill('SIGKILL');
      await exit;
      if (i % 2 === 0) assert.ok((await startBridge(service())).firewallActive);
      await stopBridge(service());
      assertNothingLeft();
    }
  });
});

/** A start in another process: its own Node in the same network namespace. */
function startElsewhere({ settings, runDirectory, leaseDirectory }: BridgeService): ChildProcess {
  const network = resolve(import.meta.dirname, '../../src');
  const program = `
    import { linuxKernel } from '${network}/kernel/linux.ts';
    import { startBridge } from '${network}/network/bridge-service.ts';
    await startBridge({ kernel: linuxKernel(), ...${JSON.stringify({ settings, runDirectory, leaseDirectory })} });`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
