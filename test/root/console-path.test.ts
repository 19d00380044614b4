/** lxc.console.path and the buffer of the console; what init finds of its terminals and of its boot. */
import assert from 'node:assert/strict';
import { closeSync, constants, mkdirSync, openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReadStream } from 'node:tty';
import { linuxKernel } from '../../src/kernel/linux.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const file = join(host.root, 'console.out');
const log = join(host.root, 'console.log');
const TALK = 'i=0; while [ $i -lt 600 ]; do echo line $i; i=$((i+1)); done; exec sleep 1000';

test('a file gets what the console prints; the buffer has the end of it', { skip }, async () => {
  covers('lxc.console.path', 'lxc.console.buffer.size', 'lxc.console.size', 'lxc.console.rotate');
  await busybox.make(
    'talk',
    [
      `lxc.console.path = ${file}`,
      'lxc.console.buffer.size = 4096',
      `lxc.console.logfile = ${log}`,
      'lxc.console.size = 4096',
      'lxc.console.rotate = 1',
    ].join('\n'),
  );
  await host.ok('start', ['-n', '@talk', '--', '/bin/sh', '-c', TALK]);
  const text = await eventually('the last line', () => {
    const all = readFileSync(file, 'utf8');
    return all.includes('line 599') ? all : undefined;
  });
  assert.equal(text.match(/line \d+/g)?.length, 600);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  const kept = await host.ok('console', ['-n', '@talk', '--log']);
  assert.equal(kept.length, 4096);
  assert.ok(kept.endsWith('line 599\r\n') && text.endsWith(kept), 'the buffer has the end');
  assert.ok(statSync(log).size <= 4096 && statSync(`${log}.1`).size <= 4096, 'the log is cut and kept once');
  assert.ok(`${readFileSync(`${log}.1`, 'utf8')}${readFileSync(log, 'utf8')}`.endsWith('line 599\r\n'));
  assert.equal(await host.ok('console', ['-n', '@talk', '--log', '--clear']), kept);
  assert.equal(await host.ok('console', ['-n', '@talk', '--log']), '');
});

test('what init is told of its terminals, and a boot of its own', { skip }, async () => {
  const hostId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const bootId = () => host.inside('talk', 'cat /proc/sys/kernel/random/boot_id');
  const first = await bootId();
  assert.match(first, /^[0-9a-f-]{36}$/);
  assert.notEqual(first, hostId);
  assert.equal(await bootId(), first, 'the same as long as it runs');
  const environment = await host.inside('talk', "tr '\\0' '\\n' </proc/1/environ");
  const ttys = /^container_ttys=(.*)$/m.exec(environment)?.[1]?.split(' ');
  assert.equal(ttys?.length, 4, environment);
  for (const tty of ttys) assert.match(await host.inside('talk', `ls -l /dev/${tty}`), /^c/);
  await host.kill('talk');
  await host.ok('start', ['-n', '@talk', '-c', join(host.root, 'other'), '--', '/bin/sh', '-c', TALK]);
  assert.notEqual(await bootId(), first, 'another at the next start');
  await eventually('-c wins over the config', () => {
    return readFileSync(join(host.root, 'other'), 'utf8').includes('line 599');
  });
  await host.kill('talk');
});

test('a terminal shows the console and is typed at', { skip }, async () => {
  const kernel = linuxKernel();
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  const slave = kernel.openPtyPeer(master);
  const name = readlinkSync(`/proc/self/fd/${slave}`);
  const stream = new ReadStream(master);
  let shown = '';
  stream.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
  });
  stream.on('error', () => {});
  const script = 'echo hello; read x; echo got $x; exec sleep 1000';
  await host.ok('start', ['-n', '@talk', '-c', name, '--', '/bin/sh', '-c', script]);
  await eventually('the first words', () => shown.includes('hello'));
  stream.write('typed\r');
  await eventually('the answer', () => shown.includes('got typed'));
  await host.kill('talk');
  stream.destroy();
  closeSync(slave);
});

test('what cannot be a console is refused before the start', { skip }, async () => {
  const folder = join(host.root, 'folder');
  mkdirSync(folder);
  for (const [path, message] of [
    [folder, /neither a file nor a terminal/],
    ['/no/such/folder/file', /there is no \/no\/such\/folder/],
  ] as const) {
    busybox.reconfigure('talk', `lxc.console.path = ${path}`);
    const { code, stderr } = await host.tslxc('start', ['-n', '@talk']);
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.match(stderr, /config:\d+/);
  }
  const none = await host.tslxc('console', ['-n', '@talk', '--log']);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /not running/);
});
