/** Attaches that cannot begin, or not as the guest likes: frozen, stopped by the guest, without a terminal left. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { processesIn } from './harness/leftovers.ts';
import { BIN } from './harness/run-command.ts';
import { delay, eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

test('a frozen container: it is said so, and with cgroups kept a program runs beside it', {
  skip,
}, async () => {
  await busybox.start('icy', '', ['--', '/bin/sleep', '1000']);
  await host.ok('freeze', ['-n', '@icy']);
  const { code, stderr } = await host.tslxc('attach', ['-n', '@icy', '--', 'true']);
  assert.notEqual(code, 0);
  assert.match(stderr, /it is frozen.*\n.*hint: .*tslxc-unfreeze/);
  assert.equal(await host.ok('attach', ['-n', '@icy', '-e', '--', 'echo', 'in']), 'in\n');
  await host.ok('unfreeze', ['-n', '@icy']);
  assert.equal(await host.inside('icy', 'echo thawed'), 'thawed');
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  test(`${signal} ends an attach whose process the guest has stopped`, { skip }, async () => {
    await busybox.start('stopper', 'lxc.cap.drop =\nlxc.mount.auto =\nlxc.mount.auto = proc:rw', [
      '--',
      '/bin/sleep',
      '1000',
    ]);
    // Stops every tslxc process that it sees, and never lets one continue.
    await host.inside(
      'stopper',
      'while :; do for p in /proc/[0-9]*; do read n <$p/comm && case $n in tslxc*) kill -STOP $(basename $p); echo seen >/root/seen;; esac; done 2>/dev/null; done >/dev/null 2>&1 &',
    );
    const seen = join(host.rootfs('stopper'), 'root/seen');
    for (let i = 0; i < 20 && !existsSync(seen); i++) {
      const client = spawn(
        join(BIN, 'tslxc-attach'),
        ['-P', host.lxcpath, '-n', host.name('stopper'), '--', 'true'],
        {
          env: { ...process.env, ...host.env },
          stdio: 'ignore',
        },
      );
      const ended = once(client, 'exit');
      const stopped = await Promise.race([ended.then(() => false), delay(seconds(3)).then(() => true)]);
      if (!stopped) continue;
      client.kill(signal);
      await ended;
      assert.equal(
        client.exitCode ?? 128 + constants.signals[client.signalCode!],
        128 + constants.signals[signal],
      );
    }
    assert.ok(existsSync(seen), 'the guest saw no process of ours');
    // The stage goes with its client, and takes the stopped child along.
    await eventually('no process of ours is left inside', () =>
      processesIn(host.name('stopper')).every(({ title }) => !title.startsWith('tslxc')),
    );
  });

test('a session has a terminal however few the guest may open', { skip }, async () => {
  const configs = { none: '', few: 'lxc.tty.max = 2', one: 'lxc.pty.max = 1' };
  for (const [name, config] of Object.entries(configs)) {
    await busybox.make(name, config);
    const file = host.config(name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^lxc\.include.*common.*$/gm, ''));
    await host.ok('start', ['-n', `@${name}`, '--', '/bin/sleep', '1000']);
    const sessions = [1, 2, 3].map(() =>
      host.terminal('attach', ['-n', `@${name}`, '--', '/bin/sh', '-c', 'sleep 1; [ -t 0 ] && echo okay']),
    );
    await Promise.all(sessions.map(({ ended }) => ended));
    for (const { output } of sessions) assert.match(output, /okay/, `${name}: ${output}`);
    await host.kill(name);
  }
});
