/** Containers on a disk that is full, read-only, or mounted without set-uid and devices. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { sh } from './harness/run-command.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

test('full, read-only, nosuid and nodev: what can run runs, what cannot says why', { skip }, async () => {
  const disk = host.lxcpath;
  await sh(`mount -t tmpfs -o size=8m,nosuid,nodev small ${disk}`);
  try {
    await busybox.make('one');
    await sh(`cat /dev/zero >${disk}/fill 2>/dev/null || true`);
    // The logs cannot be written: that stops no container.
    const logs = [
      '-L',
      join(disk, 'console.log'),
      '-s',
      'lxc.log.level=DEBUG',
      '-s',
      `lxc.log.file=${disk}/log`,
    ];
    await host.ok('start', ['-n', '@one', ...logs]);
    assert.equal(await host.inside('one', 'echo x >/dev/null && hostname'), 'one');
    await host.kill('one');
    const config = join(host.root, 'more.conf');
    writeFileSync(config, '');
    for (const [command, ...args] of [
      ['create', '-n', '@two', '-t', 'busybox', '-f', config],
      ['snapshot', '-n', '@one'],
      ['copy', '-n', '@one', '-N', '@two'],
    ] as const) {
      const { code, stderr } = await host.tslxc(command, args);
      assert.equal(code, 1, command);
      assert.match(stderr, /is full/, command);
    }
    assert.equal((await host.ok('ls', ['-1'])).includes(host.name('two')), false);
    await sh(`rm ${disk}/fill && mount -o remount,ro ${disk}`);
    await host.ok('start', ['-n', '@one']);
    assert.equal(await host.inside('one', 'touch /x 2>/dev/null || hostname'), 'one');
    await host.kill('one');
    for (const [command, ...args] of [
      ['start', '-n', '@one', '-L', join(disk, 'late.log')],
      ['create', '-n', '@two', '-t', 'busybox', '-f', config],
      ['snapshot', '-n', '@one'],
      ['destroy', '-n', '@one'],
    ] as const) {
      const { code, stderr } = await host.tslxc(command, args);
      assert.equal(code, 1, command);
      assert.match(stderr, /EROFS|[Rr]ead-only/, command);
      assert.ok(stderr.includes(disk), stderr);
    }
  } finally {
    await host.tslxc('stop', ['-n', '@one', '-k']);
    await sh(`umount ${disk}`);
  }
});
