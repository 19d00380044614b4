/** Programs run inside by tslxc-attach. */
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

before(async () => {
  if (!skip) await busybox.start('attach');
});

test('attach returns what the program returned', { skip }, async () => {
  const code = async (...command: string[]) =>
    (await host.tslxc('attach', ['-n', '@attach', '--', ...command])).code;
  assert.equal(await code('/bin/true'), 0);
  assert.equal(await code('/bin/sh', '-c', 'exit 7'), 7);
  assert.equal(await code('/bin/sh', '-c', 'kill -KILL $$'), 137);
  assert.equal(await code('/bin/sh', '-c', 'kill -TERM $$'), 143);
  assert.equal(await code('/etc/passwd'), 126);
  assert.equal(await code('/etc'), 126);
  assert.equal(await code('/bin/no-such-program'), 127);
  assert.equal(await code('no-such-program'), 127);
  const missing = await host.tslxc('attach', ['-n', '@attach', '--', 'no-such-program']);
  assert.match(missing.stderr, /no-such-program/);
});

test('attach hands pipes through byte for byte, both ways', { skip }, async () => {
  const input = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i % 95) + 32)).toString();
  const { code, stdout } = await host.tslxc('attach', ['-n', '@attach', '--', 'cat'], { input });
  assert.equal(code, 0);
  assert.equal(stdout.length, input.length);
  assert.ok(stdout === input);
  const both = await host.tslxc('attach', ['-n', '@attach', '--', 'sh', '-c', 'echo out; echo err >&2']);
  assert.deepEqual([both.stdout, both.stderr], ['out\n', 'err\n']);
});

test('attach: directory, environment, user', { skip }, async () => {
  const attach = async (...args: string[]) =>
    (await host.ok('attach', ['-n', '@attach', ...args], { cwd: '/etc', env: { MINE: 'yes' } })).trim();
  assert.equal(await attach('--', 'pwd'), '/etc');
  assert.equal(await attach('--', 'sh', '-c', 'echo $MINE $container'), 'yes lxc');
  assert.equal(await attach('--clear-env', '--', 'sh', '-c', 'echo "[$MINE]" $container'), '[] lxc');
  assert.equal(
    await attach('--clear-env', '--keep-var', 'MINE', '-v', 'A=b c', '--', 'sh', '-c', 'echo $MINE $A'),
    'yes b c',
  );
  assert.equal(
    await attach('-u', '1000', '-g', '1000', '--', 'sh', '-c', 'id -u; id -g; id -G'),
    '1000\n1000\n1000',
  );
  const elsewhere = await host.ok('attach', ['-n', '@attach', '--', 'pwd'], { cwd: host.root });
  assert.equal(elsewhere, '/\n');
});

test('attach joins only the namespaces that were asked for', { skip }, async () => {
  const init = await host.initPid('attach');
  const shown = await host.ok('attach', [
    '-n',
    '@attach',
    '-s',
    'NETWORK|UTSNAME',
    '--',
    'readlink',
    '/proc/self/ns/net',
    '/proc/self/ns/uts',
    '/proc/self/ns/mnt',
    '/proc/self/ns/pid',
  ]);
  const own = (name: string) => readlinkSync(`/proc/self/ns/${name}`);
  const its = (name: string) => readlinkSync(`/proc/${init}/ns/${name}`);
  assert.deepEqual(shown.trim().split('\n'), [its('net'), its('uts'), own('mnt'), own('pid')]);
});

test('a program that was attached is in the container: its cgroup, its namespaces, its capabilities', {
  skip,
}, async () => {
  const cgroups = (text: string) =>
    text
      .split('\n')
      .map((line) => line.split(':').slice(1).join(':'))
      .filter(Boolean)
      .sort();
  const [own, its] = [
    await host.inside('attach', 'cat /proc/self/cgroup'),
    await host.inside('attach', 'cat /proc/1/cgroup'),
  ];
  assert.deepEqual(
    cgroups(own).map((line) => line.replace(/\/\.tslxc$/, '/')),
    cgroups(its),
  );
  assert.equal(
    await host.inside('attach', 'grep -E "CapBnd|CapEff|CapInh" /proc/self/status'),
    await host.inside('attach', 'grep -E "CapBnd|CapEff|CapInh" /proc/1/status'),
  );
});
