/** lxc.log.syslog: what the host's system log hears of a container, and a log file that is moved away. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linuxKernel } from '../../src/kernel/linux.ts';
import { unixAddress } from '../../src/kernel/structs.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const SOCKET = '/dev/log';
const UNIX = 1;
const DATAGRAM = 2;
const NONBLOCK = 0o4000;

test('messages go to the system log under their facility, and to the file', {
  skip: skip || (existsSync(SOCKET) && 'the host has a system log'),
}, async () => {
  covers('lxc.log.syslog', 'lxc.log.file', 'lxc.log.level');
  const kernel = linuxKernel();
  const socket = kernel.socket(UNIX, DATAGRAM | NONBLOCK, 0);
  kernel.bind(socket, unixAddress(SOCKET));
  const heard: string[] = [];
  const listen = () => {
    const buffer = Buffer.alloc(4096);
    for (let more = true; more; ) {
      const length = kernel.poll([{ fd: socket, events: 1 }], 0)[0]?.events ? kernel.recv(socket, buffer) : 0;
      more = length > 0;
      if (more) heard.push(buffer.toString('utf8', 0, length));
    }
  };
  try {
    const file = join(host.root, 'c.log');
    await busybox.make(
      'sys',
      [
        'lxc.log.syslog = local3',
        `lxc.log.file = ${file}`,
        'lxc.log.level = INFO',
        'lxc.hook.pre-mount = echo said; exit 7;',
      ].join('\n'),
    );
    assert.equal((await host.tslxc('start', ['-n', '@sys'])).code, 1);
    listen();
    // local3 is 19, error 3: 19 * 8 + 3.
    const error = heard.find((line) => line.startsWith('<155>'));
    assert.ok(error, heard.join('\n'));
    assert.match(error, /^<155>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d tslxc\[\d+\]: \S+sys: .*status 7: said/);
    assert.ok(!heard.some((line) => line.startsWith('<159>')), 'DEBUG is below the level');
    assert.match(readFileSync(file, 'utf8'), / ERROR +.*hook pre-mount/);
    // Rotated: the next line goes to a new file.
    renameSync(file, `${file}.1`);
    assert.equal((await host.tslxc('start', ['-n', '@sys', '-l', 'DEBUG'])).code, 1);
    assert.match(readFileSync(file, 'utf8'), / DEBUG +hook pre-mount: said/);
  } finally {
    closeSync(socket);
    rmSync(SOCKET);
  }
});
