/** Containers that LXC made start here, and those made here start under LXC, with nothing changed in between. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { ContainerHost, skip as noRoot } from './harness/container-host.ts';
import { run } from './harness/run-command.ts';

const skip = noRoot || (!existsSync('/usr/bin/lxc-start') && 'LXC is not installed');
const host = new ContainerHost({ eachTest: true });
const PACKAGE = resolve(import.meta.dirname, '../..');
const LOOK =
  'hostname; tty >/dev/null || ls /dev/pts/ptmx; ls -d /dev/tty1 /dev/shm; grep -c . /proc/1/cmdline';

if (!skip) {
  writeFileSync(join(host.root, 'empty.conf'), 'lxc.net.0.type = empty\n');
  // LXC's template for busybox includes nothing by itself; its others begin with this.
  const common = 'lxc.include = /usr/share/lxc/config/common.conf\n';
  writeFileSync(join(host.root, 'theirs.conf'), `${common}lxc.net.0.type = empty\n`);
  // LXC leaves the lock of each container directory behind.
  after(() => run('rm', ['-rf', `/run/lxc/lock${host.root}`]));
}

/** `lxc-COMMAND` for a container of this host. It has to succeed; its standard output. */
async function lxc(command: string, short: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(`lxc-${command}`, [
    '-P',
    host.lxcpath,
    '-n',
    host.name(short),
    ...args,
  ]);
  assert.equal(code, 0, `lxc-${command} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

test('made by lxc-create: starts, is worked in, shuts down, and LXC starts it again', { skip }, async () => {
  covers('lxc.include', 'lxc.rootfs.path');
  await lxc('create', 'theirs', '-t', 'busybox', '-f', join(host.root, 'theirs.conf'));
  const before = readFileSync(host.config('theirs'), 'utf8');
  const { code, stderr } = await host.tslxc('start', ['-n', '@theirs']);
  assert.deepEqual([code, stderr], [0, ''], 'without a word');
  const seen = await host.inside('theirs', LOOK);
  await host.inside('theirs', 'echo kept >/root/note');
  await host.ok('stop', ['-n', '@theirs']);
  assert.equal(readFileSync(host.config('theirs'), 'utf8'), before, 'its config is as it was');

  await lxc('start', 'theirs');
  try {
    assert.equal((await lxc('attach', 'theirs', '--', 'sh', '-c', LOOK)).trim(), seen);
    assert.equal(await lxc('attach', 'theirs', '--', 'cat', '/root/note'), 'kept\n');
  } finally {
    await lxc('stop', 'theirs', '-k');
  }
});

test('made by tslxc-create: LXC starts it, where our files are installed', { skip }, async () => {
  covers('lxc.include', 'lxc.rootfs.path');
  await host.ok('create', ['-n', '@ours', '-t', 'busybox', '-f', join(host.root, 'empty.conf')]);
  await host.ok('start', ['-n', '@ours']);
  const seen = await host.inside('ours', LOOK);
  await host.inside('ours', 'echo kept >/root/note');
  await host.ok('stop', ['-n', '@ours']);

  // Installed is what is linked at /usr/share/tslxc; here it is, for the programs of this script alone.
  const installed = join(host.root, 'installed');
  mkdirSync(installed);
  symlinkSync(PACKAGE, join(installed, 'tslxc'));
  const name = `-P ${host.lxcpath} -n ${host.name('ours')}`;
  const script = `
    [ -e /usr/share/tslxc ] || mount -t overlay -o ro,lowerdir=${installed}:/usr/share installed /usr/share || exit
    lxc-start ${name} || exit
    lxc-attach ${name} -- sh -c '${LOOK}'
    lxc-attach ${name} -- cat /root/note
    lxc-stop ${name} || lxc-stop ${name} -k`;
  const { code, stdout, stderr } = await run('unshare', ['-m', 'sh', '-c', script]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `${seen}\nkept\n`);
});
