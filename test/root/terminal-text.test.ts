/** Names that a guest or an archive chose never reach a terminal as control characters; `--json` has them as they are. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

test('an interface of a guest', { skip }, async () => {
  await busybox.start('net', 'lxc.net.0.type = empty', []);
  const name = '\x1b[31mx';
  const inNet = [
    '-t',
    String(await host.initPid('net')),
    '-n',
    'ip',
    'link',
    'add',
    'name',
    name,
    'type',
    'veth',
  ];
  execFileSync('nsenter', inNet);
  const { stdout } = await host.tslxc('ls', ['-F', 'name,interface']);
  assert.doesNotMatch(stdout, CONTROL);
  assert.match(stdout, /\\x1b\[31mx/);
  const [info] = JSON.parse(await host.ok('ls', ['--json', '--active'])) as { interfaces: string[] }[];
  assert.ok(info?.interfaces.includes(name), JSON.stringify(info));
  await host.kill('net');
});

test('a socket in a root filesystem that is copied', { skip }, async () => {
  await busybox.make('from');
  const server = createServer().listen(join(host.rootfs('from'), '\x1b]0;OWNED\x07\nsock'));
  await new Promise((done) => server.once('listening', done));
  const { code, stderr } = await host.tslxc('copy', ['-n', '@from', '-N', host.name('to')]);
  server.close();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /sockets are not copied: \/\\x1b\]0;OWNED\\x07\n?sock/);
  assert.doesNotMatch(stderr, CONTROL);
  assert.doesNotMatch(stderr, /INTERNAL| at /);
});
