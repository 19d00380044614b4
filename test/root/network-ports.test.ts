/** Published ports: reached from the host, from its loopback and from containers, and gone with their container. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { run, sh } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
let bridge = { name: '', net: '' };
/** Ports of this run's own. */
const base = 20000 + (process.pid % 20000);
const [one, two, three] = [base, base + 1, base + 2];
const servers: ReturnType<typeof createServer>[] = [];

const nic = (number: number, more = '') =>
  `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge.name}\nlxc.net.0.flags = up\n` +
  `lxc.net.0.ipv4.address = ${bridge.net}.${number}/24\nlxc.net.0.ipv4.gateway = auto\n` +
  `lxc.net.0.ipv6.address = fd5a:${number}::${number}/64\n${more}`;
/** Answers every connection to port 80 with the container's name. */
const SERVE = 'nc -ll -p 80 -e hostname >/dev/null 2>&1 &';
const table = `tslxc_ports${host.rundir.replace(/[^A-Za-z0-9]/g, '_')}`;
const tables = () => sh('nft list tables');
/** What answers there, or nothing. */
const ASK = 'busybox nc -w 3 ADDRESS PORT </dev/null';
const ask = async (address: string, port: number) =>
  (await run('sh', ['-c', ASK.replace('ADDRESS', address).replace('PORT', String(port))])).stdout.trim();
const askFrom = (short: string, address: string, port: number) =>
  host.inside(
    short,
    `${ASK.replace('busybox ', '').replace('ADDRESS', address).replace('PORT', String(port))} || true`,
  );

async function start(short: string, number: number, more = ''): Promise<void> {
  await busybox.make(short);
  busybox.reconfigure(short, nic(number, more));
  await host.ok('start', ['-n', `@${short}`]);
  await host.inside(short, SERVE);
}

/** The switch without which the host passes no packet on. */
const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
let forwarding = '';

before(async () => {
  if (skip) return;
  forwarding = readFileSync(FORWARDING, 'utf8').trim();
  bridge = await host.bridge();
});
after(() => {
  for (const server of servers) server.close();
});

test('a published port leads to the container, from everywhere', { skip }, async () => {
  covers('lxc.net.N.publish');
  await start('web', 5, `lxc.net.0.publish = ${one}:80\nlxc.net.0.publish = 127.0.0.1:${two}:80`);
  await start('other', 6);
  const name = 'web';
  assert.equal(await ask('127.0.0.1', one), name, 'by the loopback of the host');
  assert.equal(await ask(`${bridge.net}.1`, one), name, 'by an address of the host');
  assert.equal(await askFrom('other', `${bridge.net}.1`, one), name, 'from another container');
  assert.equal(await askFrom('web', `${bridge.net}.1`, one), name, 'from the container itself');
  assert.equal(await ask('127.0.0.1', two), name, 'at the one address that is named');
  assert.equal(await ask(`${bridge.net}.1`, two), '', 'at no other address');
  assert.equal(readFileSync(FORWARDING, 'utf8').trim(), '1');
});

test('containers do not reach the loopback of the host by the published ports', { skip }, async () => {
  const server = createServer((socket) => socket.end('secret\n')).listen(three, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  assert.equal(await ask('127.0.0.1', three), 'secret');
  const pid = await host.initPid('other');
  await sh(`nsenter -t ${pid} -n ip route add 127.0.0.2 via ${bridge.net}.1 2>/dev/null || true`);
  const direct = `ip addr del 127.0.0.1/8 dev lo; sysctl -qw net.ipv4.conf.all.route_localnet=1; ip route add 127.0.0.1 via ${bridge.net}.1`;
  await run('nsenter', ['-t', String(pid), '-n', 'sh', '-c', direct]);
  assert.equal(await askFrom('other', '127.0.0.1', three), '');
});

test('a port that is taken is told with its holder, before the start and in a dry run', {
  skip,
}, async () => {
  await busybox.make('late');
  const refused = async (port: number, message: RegExp) => {
    busybox.reconfigure('late', nic(7, `lxc.net.0.publish = ${port}:80`));
    for (const more of [['--dry-run'], []]) {
      const { code, stderr } = await host.tslxc('start', ['-n', '@late', ...more]);
      assert.deepEqual([code, message.test(stderr)], [1, true], stderr);
    }
  };
  await refused(one, /config:\d+.*is taken: container ".*-web"/);
  await refused(
    three,
    new RegExp(`config:\\d+.*is taken: .*\\(pid ${process.pid}\\) listens on port ${three}`),
  );
  busybox.reconfigure('late', `${nic(7).replace('= veth', '= macvlan')}lxc.net.0.publish = ${three + 1}:80`);
  assert.match((await host.tslxc('start', ['-n', '@late', '--dry-run'])).stderr, /config:\d+.*type macvlan/);
});

test('ports are published and withdrawn while the container runs', { skip }, async () => {
  const live = three + 2;
  await host.ok('network', ['publish', '--save', '@other', `${live}:80`]);
  assert.equal(await ask('127.0.0.1', live), 'other');
  const shown = JSON.parse(await host.ok('network', ['ports', '@other', '--json']));
  assert.deepEqual(shown, [{ nic: 0, port: `${live}:80/tcp`, targets: [`${bridge.net}.6`, 'fd5a:6::6'] }]);
  assert.match(
    await sh(`cat ${host.config('other')}`),
    new RegExp(`^lxc.net.0.publish = ${live}:80/tcp$`, 'm'),
  );
  const clash = await host.tslxc('network', ['publish', '@web', `${live}:80`]);
  assert.deepEqual(
    [clash.code, /is taken: container ".*-other"/.test(clash.stderr)],
    [1, true],
    clash.stderr,
  );
  await host.ok('network', ['withdraw', '--save', '@other', `${live}:80`]);
  assert.equal(await ask('127.0.0.1', live), '');
  assert.doesNotMatch(await sh(`cat ${host.config('other')}`), /publish/);
});

test('a published port follows the address of its container', { skip }, async () => {
  const pid = await host.initPid('web');
  await sh(
    `nsenter -t ${pid} -n sh -c 'ip addr flush dev eth0; ip addr add ${bridge.net}.50/24 dev eth0; ip route add default via ${bridge.net}.1'`,
  );
  await eventually('the port leads to the new address', async () => (await ask('127.0.0.1', one)) === 'web');
});

test('ports are gone with their container, and the table with the last of them', { skip }, async () => {
  await host.ok('network', ['publish', '@other', `${three + 3}:80`]);
  assert.match(await tables(), new RegExp(`${table}$`, 'm'));
  await host.kill('web');
  assert.equal(await ask('127.0.0.1', one), '');
  assert.equal(await ask('127.0.0.1', three + 3), 'other');
  // All processes of tslxc are killed. The next command removes the rest.
  const init = await host.initPid('other');
  await host.killProcesses(...host.processes().map(({ pid }) => pid), init);
  await host.tslxc('stop', ['-n', '@other', '-k']);
  await eventually('the table is gone', async () => !(await tables()).includes(table));
  assert.equal((await sh(`cat /proc/sys/net/ipv4/conf/${bridge.name}/route_localnet`)).trim(), '0');
});

test('the last port that goes restores ip_forward', { skip }, async () => {
  for (const { name } of JSON.parse(await host.ok('ls', ['--running', '--json'])) as { name: string }[])
    await host.tslxc('stop', ['-n', name, '-k']);
  assert.equal(readFileSync(FORWARDING, 'utf8').trim(), forwarding);
});
