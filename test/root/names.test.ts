/** Containers whose names tslxc would not give, but LXC runs: each can be listed, used, stopped, renamed and destroyed. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const NAMES = ['web~', 'a b', 'web:8080', 'ünï,#1=%', '-dash', '.hid', 'n'.repeat(75), 'm'.repeat(221)];

test('names that exist are usable', { skip }, async () => {
  await busybox.make('model');
  for (const [index, tail] of NAMES.entries()) {
    // The host's mark tells its cgroups from those of others; where it has to stand last, it does.
    const name = /^[.-]/.test(tail)
      ? `${tail}${host.mark}`
      : `${host.mark}${tail}`.slice(0, Math.max(20, tail.length));
    const directory = join(host.lxcpath, name);
    mkdirSync(directory);
    const config = `lxc.include = ${host.config('model')}\nlxc.net.0.type = empty\nlxc.uts.name =\nlxc.rootfs.managed = 0\n`;
    writeFileSync(join(directory, 'config'), config);
    const of = (command: string, ...args: string[]) => host.ok(command, [`--name=${name}`, ...args]);
    await of('start', '--', '/bin/sleep', '1000');
    assert.equal((await of('info', '-s', '-H')).trim(), 'RUNNING', name);
    const inside = (await of('attach', '--', '/bin/hostname')).trim();
    assert.ok(inside.length > 0 && name.startsWith(inside), `${inside} of ${name}`);
    await of('stop', '-k');
    const renamed = host.name(`renamed${index}`);
    await of('copy', '-R', '-N', renamed);
    assert.ok(existsSync(join(host.lxcpath, renamed, 'config')) && !existsSync(directory));
    await host.ok('destroy', ['-n', renamed]);
  }
});

test('new names are what they were', { skip }, async () => {
  const { code, stderr } = await host.tslxc('create', ['-n', 'web~', '-t', 'none']);
  assert.equal(code, 1);
  assert.match(stderr, /"web~" is no name for a container: it has "~" in it/);
});

test('one bad entry never ends a listing', { skip }, async () => {
  mkdirSync(join(host.lxcpath, 'web~'));
  writeFileSync(join(host.lxcpath, 'web~/config'), 'lxc.start.auto = maybe\n');
  mkdirSync(join(host.lxcpath, 'folder/config'), { recursive: true });

  for (const option of ['-f', '--json', '--defined', '--stopped']) {
    const { code, stdout } = await host.tslxc('ls', [option]);
    assert.equal(code, 0, option);
    for (const name of ['web~', host.name('model')]) assert.ok(stdout.includes(name), `${option}: ${name}`);
  }
});
