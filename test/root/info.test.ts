/** tslxc-info of running containers: every field, the counters of the kernel, the traffic of each interface. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
let net = '';

/** `Label: value` lines as pairs. */
async function fields(...args: string[]): Promise<[label: string, value: string][]> {
  const text = await host.ok('info', ['-n', '@a', ...args]);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      assert.match(line, /^.{15} \S/, 'labels are padded to 15 characters and a space');
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    });
}
const value = (rows: readonly [string, string][], label: string) =>
  rows.find(([name]) => name === label)?.[1];

test('all fields, in LXC’s order', { skip }, async () => {
  const bridge = await host.bridge();
  ({ net } = bridge);
  await busybox.start(
    'a',
    `lxc.net.0.type = veth
lxc.net.0.link = ${bridge.name}
lxc.net.0.flags = up
lxc.net.0.ipv4.address = ${bridge.net}.7/24
lxc.net.1.type = veth
lxc.net.1.link = ${bridge.name}
lxc.net.1.flags = up
lxc.net.1.ipv6.address = fd00:7::7/64`,
  );
  const labels = (await fields()).map(([label]) => label);
  const known = labels.filter((label) => label !== 'BlkIO use' && label !== 'KMem use');
  const link = ['Link', ' TX bytes', ' RX bytes', ' Total bytes'];
  assert.deepEqual(known, ['Name', 'State', 'PID', 'IP', 'IP', 'CPU use', 'Memory use', ...link, ...link]);
});

test('traffic as the container sees it', { skip }, async () => {
  const rows = await fields('-S', '-H');
  const veth = value(rows, 'Link')!;
  assert.match(veth, /^veth/);
  const before = Number(value(rows, ' TX bytes'));
  // Nobody answers: it only asks who has the address.
  await host.tslxc('attach', ['-n', '@a', '--', 'ping', '-c', '1', '-W', '1', '-s', '1200', `${net}.99`]);
  const after = await fields('-S', '-H');
  const sent = Number(value(after, ' TX bytes'));
  assert.ok(sent >= before, `${before} ${sent}`);
  const counter = (name: string) => Number(readFileSync(`/sys/class/net/${veth}/statistics/${name}`, 'utf8'));
  assert.ok(
    Math.abs(counter('rx_bytes') - sent) < 2000,
    'what the host receives on its end is what it has sent',
  );
  assert.equal(
    Number(value(after, ' Total bytes')),
    Number(value(after, ' TX bytes')) + Number(value(after, ' RX bytes')),
  );
});

test('counters grow with the work of the container, raw and for people', { skip }, async () => {
  const before = await fields('-S', '-H');
  await host.ok('attach', ['-n', '@a', '--', 'sh', '-c', 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done']);
  const after = await fields('-S', '-H');
  assert.ok(Number(value(after, 'CPU use')) > Number(value(before, 'CPU use')) + 1e6, 'nanoseconds');
  assert.ok(Number(value(after, 'Memory use')) > 4096);
  const shown = await fields('-S');
  assert.match(value(shown, 'CPU use')!, /^\d+\.\d\d seconds$/);
  assert.match(value(shown, 'Memory use')!, /^\d+\.\d\d [KM]iB$/);
  assert.equal((await host.ok('info', ['-n', '@a', '-sH'])).trim(), 'RUNNING');
  assert.equal((await host.ok('info', ['-n', '@a', '-iH'])).split('\n')[1], 'fd00:7::7');
});

test('victims of the OOM killer are counted; a stopped container has no counters', { skip }, async () => {
  await host.ok('cgroup', ['-n', '@a', 'memory.limit_in_bytes', '24M']);
  await host.tslxc('attach', ['-n', '@a', '--', 'sh', '-c', 'tail -c 100000000 /dev/zero']);
  await eventually('it is told', async () => value(await fields('-S'), 'OOM kills') === '1');
  await host.kill('a');
  assert.deepEqual(await fields(), [
    ['Name', host.name('a')],
    ['State', 'STOPPED'],
  ]);
});
