/** `NAME/rootfs` shows and takes a container's files on the host, whatever they are kept in. */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run, sh } from './harness/run-command.ts';
import { unmountViews, VIEWS } from './harness/views.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const MAP = 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536';

const directory = (short: string) => join(host.lxcpath, host.name(short));
const shown = (short: string, file: string) => readFileSync(join(host.rootfs(short), file), 'utf8').trim();
/** Mounts of views whose container has `mark` in its name. */
const views = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${VIEWS}/`) && path.includes(host.mark))
    .map((path) => path.replace(/.*-/, ''));

/** As a script has it: a copy into the files on the host, then a look from inside; and the reverse. */
async function holdsBothWays(short: string, when: string): Promise<void> {
  await sh(
    `echo "host ${when}" >${host.root}/given && cp ${host.root}/given ${host.rootfs(short)}/etc/given`,
  );
  assert.equal(await host.inside(short, 'cat /etc/given'), `host ${when}`);
  await host.inside(short, `echo "guest ${when}" >/etc/taken`);
  assert.equal(shown(short, 'etc/taken'), `guest ${when}`, when);
}

test('no command of a busybox container leads the host to its own', { skip }, async () => {
  await busybox.make('links');
  const rootfs = host.rootfs('links');
  assert.equal(await sh(`find ${rootfs} -type l -lname '/*'`), '', 'no absolute link');
  assert.equal(
    await sh(`readlink -m ${rootfs}/bin/sh ${rootfs}/sbin/init ${rootfs}/usr/bin/env | uniq`),
    `${rootfs}/bin/busybox\n`,
  );
  assert.ok(Number(await sh(`find ${rootfs} -type l -lname '*busybox' | wc -l`)) > 100, 'there are commands');
});

test('an ephemeral copy leaves its original as it is', { skip }, async () => {
  await busybox.make('a');
  const before = readFileSync(host.config('a'), 'utf8');
  const { ino } = lstatSync(host.rootfs('a'));
  for (const [option, words] of [
    ['-e', /which stay where they are/],
    ['-s', /become a read-only layer/],
    ['-K', /all files are copied/],
  ] as const)
    assert.match(await host.ok('copy', ['--dry-run', option, '-n', '@a', '-N', '@b']), words);
  await host.ok('copy', ['-e', '-n', '@a', '-N', '@b', '-d']);
  await holdsBothWays('b', 'in the copy');
  assert.deepEqual(
    [
      readFileSync(host.config('a'), 'utf8'),
      lstatSync(host.rootfs('a')).ino,
      existsSync(join(host.lxcpath, '.layers')),
    ],
    [before, ino, false],
  );
  assert.ok(!existsSync(join(host.rootfs('a'), 'etc/taken')));
  assert.match((await host.tslxc('destroy', ['-n', '@a'])).stderr, /its files are needed by/);
  await host.kill('b');
  writeFileSync(join(host.rootfs('a'), 'marker'), 'hello\n');
  await host.ok('start', ['-n', '@a']);
  assert.equal(await host.inside('a', 'cat /marker'), 'hello');
  await host.kill('a');
});

test('after a snapshot the files are there: stopped, running, stopped again', { skip }, async () => {
  await host.ok('snapshot', ['-n', '@a']);
  assert.equal(shown('a', 'marker'), 'hello');
  writeFileSync(join(host.rootfs('a'), 'etc/between'), 'written while it is stopped\n');
  await host.ok('start', ['-n', '@a']);
  assert.equal(await host.inside('a', 'cat /etc/between'), 'written while it is stopped');
  await holdsBothWays('a', 'running');
  // Mounts of either side stay there.
  await host.inside('a', 'mount -t tmpfs none /mnt && echo in >/mnt/file');
  assert.deepEqual(readdirSync(join(host.rootfs('a'), 'mnt')), []);
  const below = `${host.rootfs('a')}/tmp`;
  await sh(`mount -t tmpfs none ${below} && touch ${below}/of-the-host`);
  assert.equal(await host.inside('a', 'ls /tmp'), '');
  await sh(`umount ${below}`);
  await host.kill('a');
  assert.equal(shown('a', 'etc/taken'), 'guest running');
  rmSync(join(host.rootfs('a'), 'etc/taken'));
  await host.ok('snapshot', ['-n', '@a']);
  assert.equal(shown('a', 'etc/given'), 'host running');
  await host.ok('snapshot', ['-n', '@a', '-r', 'snap0']);
  assert.ok(!existsSync(join(host.rootfs('a'), 'etc/given')));
  writeFileSync(join(host.rootfs('a'), 'etc/given'), 'after the restore\n');
  await host.ok('start', ['-n', '@a']);
  assert.equal(await host.inside('a', 'cat /etc/given; ls /etc/between || true'), 'after the restore');
  await host.kill('a');
});

test('a container with an id map: root writes, root owns', { skip }, async () => {
  await busybox.make('m', MAP);
  await host.ok('snapshot', ['-n', '@m']);
  writeFileSync(join(host.rootfs('m'), 'etc/between'), 'stopped\n');
  await host.ok('start', ['-n', '@m']);
  assert.equal(await host.inside('m', 'cat /etc/between; stat -c %u /etc/between'), 'stopped\n0');
  await host.inside('m', 'echo guest >/etc/taken');
  assert.equal(shown('m', 'etc/taken'), 'guest');
  assert.equal(
    lstatSync(join(host.rootfs('m'), 'etc/taken')).uid,
    100_000,
    'as the container is seen outside',
  );
  await sh(`echo host >${host.rootfs('m')}/etc/made && chown 100000 ${host.rootfs('m')}/etc/made`);
  assert.equal(await host.inside('m', 'cat /etc/made; stat -c %u:%g /etc/made'), 'host\n0:65534');
  await host.kill('m');
  assert.equal(lstatSync(join(host.rootfs('m'), 'etc/taken')).uid, 0, 'as it is on the disk');
  writeFileSync(join(host.rootfs('m'), 'etc/given'), 'stopped again\n');
  await host.ok('start', ['-n', '@m']);
  assert.equal(await host.inside('m', 'cat /etc/given /etc/taken'), 'stopped again\nguest');
  await host.killProcesses(host.managerPid());
  await host.kill('m');
  assert.equal(lstatSync(join(host.rootfs('m'), 'etc/given')).uid, 0, 'also by a later manager');
});

test('clones, renames, other mount namespaces', { skip }, async () => {
  await host.ok('copy', ['-s', '-n', '@a', '-N', '@c']);
  assert.equal(shown('c', 'etc/hostname'), host.name('c'));
  assert.equal(shown('a', 'etc/given'), 'after the restore');
  await host.ok('copy', ['-R', '-n', '@c', '-N', '@d']);
  assert.equal(shown('d', 'etc/hostname'), host.name('d'));
  assert.deepEqual(views().sort(), ['a', 'd', 'm']);
  const elsewhere = await run(
    'unshare',
    ['-m', join(BIN, 'tslxc-copy'), '-P', host.lxcpath, '-s', '-n', host.name('a'), '-N', host.name('e')],
    { env: host.env },
  );
  assert.equal(elsewhere.code, 0, elsewhere.stderr);
  assert.equal(shown('e', 'etc/hostname'), host.name('e'));
  await host.ok('start', ['-n', '@e']);
  await holdsBothWays('e', 'made elsewhere');
  await host.ok('destroy', ['-n', '@e', '-f']);
  // A shell in it is no reason not to seal it; an open file is.
  const withRun = `TSLXC_RUNDIR=${host.rundir} ${BIN}`;
  await sh(
    `cd ${host.rootfs('d')} && ${withRun}/tslxc-copy -P ${host.lxcpath} -s -n ${host.name('d')} -N ${host.name('f')}`,
  );
  writeFileSync(join(host.rootfs('d'), 'new'), 'x');
  const held = await sh(
    `exec 3>>${host.rootfs('d')}/new; ${withRun}/tslxc-snapshot -P ${host.lxcpath} -n ${host.name('d')} 2>&1; echo $?`,
  );
  assert.match(held, /open for writing(.|\n)*1\n$/);
  await host.ok('snapshot', ['-n', '@d']);
  assert.equal(shown('d', 'new'), 'x');
});

test('nothing is in the way of rm; after a reboot of the host the first command shows everything', {
  skip,
}, async () => {
  rmSync(directory('f'), { recursive: true });
  unmountViews(host.root);
  assert.throws(
    () => writeFileSync(join(host.rootfs('d'), 'lost'), ''),
    /ENOENT/,
    'no silent loss before that',
  );
  await host.ok('ls');
  assert.deepEqual(views().sort(), ['a', 'd', 'm']);
  assert.equal(shown('d', 'new'), 'x');
  // Taken away and brought back by hand: what is shown is what is there.
  renameSync(directory('d'), join(host.root, 'kept'));
  mkdirSync(directory('d'));
  rmSync(directory('d'), { recursive: true });
  await sh(`cp -a ${host.root}/kept ${directory('d')}`);
  writeFileSync(join(directory('d'), 'overlay/delta/new'), 'restored');
  await host.ok('start', ['-n', '@d']);
  assert.equal(await host.inside('d', 'cat /new'), 'restored');
  assert.equal(shown('d', 'new'), 'restored');
  for (const short of ['a', 'd', 'm']) await host.ok('destroy', ['-n', `@${short}`, '-f', '-s']);
  assert.deepEqual(views(), []);
});
