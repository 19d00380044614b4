/** Nics of every type in real containers: what is there inside, and that the host is as it was, also after kills. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HostView } from '../../src/util/host-view.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { interfaces } from './harness/leftovers.ts';
import { sh } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
/** An interface of this test's own that stands for a physical one, and its other end. */
const card = `${host.mark.slice(-9)}card`;
const wall = `${host.mark.slice(-9)}wall`;
const view = new HostView();
const without = (module: string, option: string) =>
  skip || (view.part(module, option) === 'absent' && `this kernel has no ${module}`);

before(async () => {
  if (skip) return;
  await sh(
    `ip link add ${card} type veth peer name ${wall} && ip link set ${card} mtu 1400 up && ` +
      `ip link set ${wall} mtu 1400 up && ip addr add 10.199.7.1/24 dev ${wall}`,
  );
});
after(async () => {
  if (!skip) await sh(`ip link del ${card} 2>/dev/null || ip link del ${wall} 2>/dev/null || true`);
});

const common = (lines: string) =>
  `lxc.net.0.type =\n${lines}\nlxc.net.0.flags = up\nlxc.net.0.ipv4.address = 10.199.7.9/24`;
const onCard = async () =>
  (await sh(`ip -o link show ${card}`)).replace(/^\d+: | state \S+| qdisc \S+/g, '').trim();
const detail = (short: string, name: string) =>
  host.inside(short, `ip -d link show ${name} 2>/dev/null || ip link show ${name}`);

async function make(short: string, nic: string): Promise<void> {
  await busybox.make(short);
  busybox.reconfigure(short, common(nic));
}

for (const mode of ['private', 'vepa', 'bridge', 'passthru'])
  test(`macvlan, mode ${mode}`, { skip: without('macvlan', 'MACVLAN') }, async () => {
    covers('lxc.net.N.macvlan.mode');
    await make('mac', `lxc.net.0.type = macvlan\nlxc.net.0.link = ${card}\nlxc.net.0.macvlan.mode = ${mode}`);
    await host.ok('start', ['-n', '@mac']);
    assert.match(
      await sh(`nsenter -t ${await host.initPid('mac')} -n ip -d link show eth0`),
      new RegExp(`macvlan mode ${mode}`),
    );
    assert.match(await detail('mac', 'eth0'), /mtu 1400/);
    assert.match(await host.inside('mac', 'ping -c 1 -W 2 10.199.7.1'), /1 packets received/);
    await host.kill('mac');
    await host.assertNothingLeft();
  });

test('ipvlan', { skip: without('ipvlan', 'IPVLAN') }, async () => {
  covers('lxc.net.N.ipvlan.mode', 'lxc.net.N.ipvlan.isolation');
  for (const [mode, isolation] of [
    ['l2', 'bridge'],
    ['l3', 'private'],
    ['l3s', 'vepa'],
  ]) {
    await make(
      'ipv',
      `lxc.net.0.type = ipvlan\nlxc.net.0.link = ${card}\nlxc.net.0.ipvlan.mode = ${mode}\nlxc.net.0.ipvlan.isolation = ${isolation}`,
    );
    await host.ok('start', ['-n', '@ipv']);
    const shown = await sh(`nsenter -t ${await host.initPid('ipv')} -n ip -d link show eth0`);
    assert.match(shown, new RegExp(`ipvlan +mode ${mode} ${isolation}`));
    await host.kill('ipv');
  }
});

test('vlan', { skip: without('8021q', 'VLAN_8021Q') }, async () => {
  covers('lxc.net.N.vlan.id');
  await sh(
    `ip link add link ${wall} name ${wall}.7 type vlan id 7 && ip addr add 10.199.8.1/24 dev ${wall}.7 && ip link set ${wall}.7 up`,
  );
  await make(
    'vlan',
    `lxc.net.0.type = vlan\nlxc.net.0.link = ${card}\nlxc.net.0.vlan.id = 7\nlxc.net.0.ipv4.address = 10.199.8.9/24`,
  );
  await host.ok('start', ['-n', '@vlan']);
  assert.match(await host.inside('vlan', 'ping -c 1 -W 2 10.199.8.1'), /1 packets received/);
  await host.kill('vlan');
});

test('a type that this kernel lacks is told before the start', { skip }, async () => {
  for (const [type, module, option, more] of [
    ['ipvlan', 'ipvlan', 'IPVLAN', ''],
    ['vlan', '8021q', 'VLAN_8021Q', 'lxc.net.0.vlan.id = 7'],
  ] as const) {
    if (view.part(module, option) !== 'absent') continue;
    await make('lacks', `lxc.net.0.type = ${type}\nlxc.net.0.link = ${card}\n${more}`);
    const { code, stderr } = await host.tslxc('start', ['-n', '@lacks', '--dry-run']);
    assert.deepEqual([code, stderr.includes(`module ${module}, CONFIG_${option}`)], [1, true], stderr);
  }
});

const PHYS = `lxc.net.0.type = phys\nlxc.net.0.link = ${card}\nlxc.net.0.name = lan0\nlxc.net.0.mtu = 1300\nlxc.net.0.hwaddr = 02:00:5e:10:20:30`;

for (const [way, end] of [
  ['is killed', async () => await host.kill('phys')],
  [
    'ends after its manager was killed',
    async () => {
      await host.killProcesses(host.managerPid());
      await host.kill('phys');
    },
  ],
  [
    'is killed with every process of ours',
    async () => {
      const init = await host.initPid('phys');
      await host.killProcesses(...host.processes().map(({ pid }) => pid), init);
      // The next command finds what is left.
      await host.tslxc('stop', ['-n', '@phys', '-k']);
    },
  ],
  [
    'renames the interface and moves it, and is killed',
    async () => {
      await sh(
        `nsenter -t ${await host.initPid('phys')} -n sh -c 'ip link set lan0 down; ip link set lan0 name other address 02:00:00:00:00:77'`,
      );
      await host.kill('phys');
    },
  ],
] as const)
  test(`phys: the interface is as it was when the container ${way}`, { skip }, async () => {
    const before = await onCard();
    await make('phys', PHYS);
    await host.ok('start', ['-n', '@phys']);
    assert.ok(!interfaces().includes(card));
    assert.match(await detail('phys', 'lan0'), /mtu 1300.*02:00:5e:10:20:30/s);
    assert.match(await host.inside('phys', 'ping -c 1 -W 2 10.199.7.1'), /1 packets received/);
    await end();
    await eventually('it is back', () => interfaces().includes(card));
    await host.assertNothingLeft();
    assert.equal(await onCard(), before);
  });

test('phys: back after a start that fails, and over a reboot', { skip }, async () => {
  const before = await onCard();
  await make('phys', `${PHYS}\nlxc.hook.start-host = exit 1;`);
  assert.equal((await host.tslxc('start', ['-n', '@phys'])).code, 1);
  assert.equal(await onCard(), before);
  await make('phys', PHYS);
  await host.ok('start', ['-n', '@phys']);
  const first = await host.initPid('phys');
  await host.ok('stop', ['-n', '@phys', '-r']);
  await eventually('the second run', async () => ![first, -1].includes(await host.initPid('phys')));
  assert.match(await detail('phys', 'lan0'), /mtu 1300/);
  await host.kill('phys');
  await host.assertNothingLeft();
  assert.equal(await onCard(), before);
});

test('nics come and go while the container runs', { skip: without('macvlan', 'MACVLAN') }, async () => {
  const before = await onCard();
  const { name: bridge } = await host.bridge();
  const network = (...args: string[]) => host.ok('network', args);
  await busybox.start('plug', 'lxc.net.0.type = empty');
  await network('attach', '@plug', `link=${bridge}`, 'type=veth', 'flags=up', 'ipv4.address=10.199.9.2/24');
  await network(
    'attach',
    '--save',
    '@plug',
    'type=macvlan',
    `link=${card}`,
    'flags=up',
    'ipv4.address=10.199.7.9/24',
  );
  assert.match(await host.inside('plug', 'ip addr show eth0'), /UP.*10\.199\.9\.2\/24/s);
  assert.match(await host.inside('plug', 'ping -c 1 -W 2 10.199.7.1'), /1 packets received/);
  const listed = JSON.parse(await network('list', '@plug', '--json'));
  assert.deepEqual(
    listed.map(({ nic, type, name }: Record<string, unknown>) => [nic, type, name]),
    [
      [0, 'empty', 'eth0'],
      [1, 'veth', 'eth0'],
      [2, 'macvlan', 'eth1'],
    ],
  );
  assert.match(
    await sh(`grep lxc.net.2 ${host.config('plug')}`),
    /^lxc.net.2.type = macvlan\nlxc.net.2.link/,
  );
  for (const [settings, message] of [
    [['type=veth', 'link=nosuch0'], /lxc.net.1?3?.link.*"nosuch0"/],
    [['type=veth', 'name=eth1'], /has an interface "eth1" already/],
    [['type=veth', 'mtu=nonsense'], /"nonsense"/],
    [['type=none'], /none/],
  ] as const) {
    const { code, stderr } = await host.tslxc('network', ['attach', '@plug', ...settings]);
    assert.deepEqual([code, message.test(stderr)], [1, true], stderr);
  }
  await network('detach', '--save', '@plug', 'eth1');
  await network('detach', '@plug', '1');
  assert.equal((await host.inside('plug', 'ls /sys/class/net || ip -o link')).includes('eth'), false);
  assert.doesNotMatch(await sh(`cat ${host.config('plug')}`), /lxc.net.2/);
  // The container borrows an interface of the host while all processes of tslxc are killed.
  await host.ok('device', ['-n', '@plug', 'add', card, 'lan0']);
  assert.match(await detail('plug', 'lan0'), /lan0/);
  await host.ok('device', ['-n', '@plug', 'del', 'lan0']);
  assert.equal(await onCard(), before);
  await host.ok('device', ['-n', '@plug', 'add', card]);
  assert.ok(!interfaces().includes(card));
  const init = await host.initPid('plug');
  await host.killProcesses(...host.processes().map(({ pid }) => pid), init);
  await host.tslxc('stop', ['-n', '@plug', '-k']);
  await eventually('it is back', () => interfaces().includes(card));
  assert.equal(await onCard(), before);
  await host.assertNothingLeft();
});

test('faults of a nic are told with file and line before anything is made', { skip }, async () => {
  for (const [nic, message] of [
    ['lxc.net.0.type = phys', /config:\d+.*needs an interface of the host/],
    ['lxc.net.0.type = phys\nlxc.net.0.link = lo', /config:\d+.*loopback/],
    ['lxc.net.0.type = macvlan\nlxc.net.0.link = nosuch0', /config:\d+.*no interface "nosuch0"/],
    [`lxc.net.0.type = vlan\nlxc.net.0.link = ${card}`, /config:\d+.*needs a number/],
  ] as const) {
    await make('faulty', nic);
    const { code, stderr } = await host.tslxc('start', ['-n', '@faulty', '--dry-run']);
    assert.deepEqual([code, message.test(stderr)], [1, true], stderr);
  }
});
