/** lxc.rootfs.* and what a root filesystem may lack: seen from hooks and from inside. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { mountsOfProcess } from './harness/mountinfo.ts';
import { sh } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const INIT = ['--', '/bin/sleep', '1000'];

test('lxc.rootfs.mount: hooks find the root filesystem there, the host finds nothing', { skip }, async () => {
  covers('lxc.rootfs.mount', 'lxc.rootfs.path');
  const [place, link, note] = ['place', 'link', 'note'].map((name) => join(host.root, name));
  mkdirSync(place!);
  symlinkSync(place!, link!);
  await busybox.make('mount');
  for (const path of [place!, link!]) {
    busybox.reconfigure(
      'mount',
      `lxc.rootfs.mount = ${path}\nlxc.hook.mount = echo $LXC_ROOTFS_MOUNT $LXC_ROOTFS_PATH >${note}; ls $LXC_ROOTFS_MOUNT/bin/sh >>${note}; true`,
    );
    await host.ok('start', ['-n', '@mount', ...INIT]);
    assert.equal(readFileSync(note!, 'utf8'), `${path} ${host.rootfs('mount')}\n${path}/bin/sh\n`);
    assert.equal(existsSync(join(place!, 'bin')), false);
    await host.kill('mount');
  }
  busybox.reconfigure('mount', `lxc.rootfs.mount = ${host.root}/nowhere`);
  const { code, stderr } = await host.tslxc('start', ['-n', '@mount']);
  assert.equal(code, 1);
  assert.match(stderr, /config:\d+(:\d+)?: lxc\.rootfs\.mount: .*nowhere is no directory/);
});

test('lxc.rootfs.path: with and without its type, elsewhere, through a symlink', { skip }, async () => {
  covers('lxc.rootfs.path');
  await busybox.make('path');
  const elsewhere = join(host.root, 'with blank');
  await sh(`cp -a '${host.rootfs('path')}' '${elsewhere}' && touch '${elsewhere}/elsewhere'`);
  const link = join(host.root, 'root-link');
  symlinkSync(elsewhere, link);
  for (const path of [elsewhere, `dir:${elsewhere}`, link]) {
    busybox.reconfigure('path', `lxc.rootfs.path = ${path}`);
    await host.ok('start', ['-n', '@path', ...INIT]);
    assert.equal(await host.inside('path', 'ls /elsewhere'), '/elsewhere', path);
    await host.kill('path');
  }
  busybox.reconfigure('path', 'lxc.rootfs.path = /no/such/rootfs');
  const { stderr } = await host.tslxc('start', ['-n', '@path']);
  assert.match(stderr, /config:\d+(:\d+)?: the root filesystem \/no\/such\/rootfs is missing/);
});

test('lxc.rootfs.options: flags, read-only also with mapped ids, another map of owners', {
  skip,
}, async () => {
  covers('lxc.rootfs.options', 'lxc.idmap');
  await busybox.make('options');
  const maps = 'lxc.idmap = u 0 500000 65536\nlxc.idmap = g 0 500000 65536';
  for (const map of ['', maps]) {
    busybox.reconfigure('options', `lxc.rootfs.options = ro,nodev,noatime,idmap=container\n${map}`);
    await host.ok('start', ['-n', '@options', ...INIT]);
    const { options } = mountsOfProcess(await host.initPid('options')).get('/')!;
    for (const word of ['ro', 'nodev', 'noatime']) assert.ok(options.includes(word), `${word}: ${options}`);
    assert.equal(
      await host.inside('options', 'stat -c %u:%g /bin; touch /x 2>/dev/null || echo ro'),
      '0:0\nro',
    );
    await host.kill('options');
  }
  const holder = spawn('unshare', ['-U', 'sleep', '1000']);
  try {
    const own = await sh('readlink /proc/self/ns/user');
    const ns = () => sh(`readlink /proc/${holder.pid}/ns/user`).catch(() => own);
    await eventually('a user namespace', async () => (await ns()) !== own);
    for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${holder.pid}/${file}`, '0 4242 1000\n');
    busybox.reconfigure('options', `lxc.rootfs.options = idmap=/proc/${holder.pid}/ns/user`);
    await host.ok('start', ['-n', '@options', ...INIT]);
    assert.equal(await host.inside('options', 'stat -c %u:%g /bin'), '4242:4242');
    await host.kill('options');
  } finally {
    holder.kill('SIGKILL');
  }
  busybox.reconfigure('options', 'lxc.rootfs.options = idmap=/no/such/namespace');
  const { code, stderr } = await host.tslxc('start', ['-n', '@options', ...INIT]);
  assert.equal(code, 1);
  assert.match(stderr, /\/no\/such\/namespace: cannot open the user namespace: it does not exist/);
});

test('a root filesystem that has next to nothing; read-only, or with traps at the top', {
  skip,
}, async () => {
  await busybox.make('bare');
  const rootfs = join(host.root, 'bare');
  const init = ['--', '/sbin/init', 'sleep', '1000'];
  const fresh = (...directories: string[]) => {
    rmSync(rootfs, { recursive: true, force: true });
    for (const name of ['sbin', ...directories]) mkdirSync(join(rootfs, name), { recursive: true });
    copyFileSync('/usr/bin/busybox', join(rootfs, 'sbin/init'));
  };
  const start = (config: string) => {
    busybox.reconfigure('bare', `lxc.rootfs.path = ${rootfs}\n${config}`);
    return host.tslxc('start', ['-n', '@bare', ...init]);
  };
  fresh();
  assert.equal((await start('')).code, 0, 'what every system has is made');
  await host.kill('bare');
  fresh('dev', 'proc', 'sys');
  assert.equal((await start('lxc.rootfs.options = ro')).code, 0);
  await host.kill('bare');
  const refusals: Record<string, [make: () => void, config: string, message: RegExp]> = {
    'nothing, read-only': [
      () => fresh(),
      'lxc.rootfs.options = ro',
      /\/proc of the root filesystem: the file system is read-only\n[\s\S]*make the directory/,
    ],
    'no /dev, read-only': [
      () => fresh('proc', 'sys'),
      'lxc.rootfs.options = ro',
      /\/dev of the root filesystem: the file system is read-only/,
    ],
    'a target that is not there': [
      () => fresh('dev', 'proc', 'sys'),
      'lxc.rootfs.options = ro\nlxc.mount.entry = none srv/x tmpfs create=dir 0 0',
      /config:\d+: mount none on \/srv\/x: [\s\S]*EROFS[\s\S]*make \/srv\/x/,
    ],
    'a link to nowhere': [
      () => {
        fresh('proc', 'sys');
        symlinkSync('/no/such/place', join(rootfs, 'dev'));
      },
      '',
      /\/dev of the root filesystem: it does not exist[\s\S]*symbolic link to nowhere/,
    ],
    'a file': [
      () => {
        fresh('proc', 'sys');
        writeFileSync(join(rootfs, 'dev'), '');
      },
      '',
      /\/dev of the root filesystem: [\s\S]*ENOTDIR[\s\S]*make it a directory/,
    ],
    'no init': [
      () => {
        fresh();
        rmSync(join(rootfs, 'sbin'), { recursive: true });
      },
      '',
      /init program \/sbin\/init is not in the root filesystem/,
    ],
  };
  for (const [what, [make, config, message]] of Object.entries(refusals)) {
    make();
    const { code, stderr } = await start(config);
    assert.equal(code, 1, what);
    assert.match(stderr, message, what);
    await host.assertNothingLeft(what);
  }
});

test('lxc.autodev = 0: traps in a /dev of the image lead nowhere, and are named', { skip }, async () => {
  covers('lxc.autodev');
  await busybox.make('traps', 'lxc.autodev = 0');
  const dev = join(host.rootfs('traps'), 'dev');
  const before = await sh('md5sum /etc/passwd /etc/group; ls -la /dev/console');
  await sh(`rm -rf ${dev}/* && mkfifo ${dev}/tty1 && ln -s /proc/1/root/etc/group ${dev}/tty2`);
  for (const [name, target] of [
    ['pts', '/tmp'],
    ['console', '/etc/passwd'],
    ['tty2', ''],
  ] as const) {
    if (target) symlinkSync(target, join(dev, name));
    const { code, stderr } = await host.tslxc('start', ['-n', '@traps', ...INIT]);
    assert.equal(code, 1, name);
    assert.match(stderr, new RegExp(`cannot make /dev/${name}: it does not exist`));
    await host.assertNothingLeft(name);
    rmSync(join(dev, name));
  }
  await host.ok('start', ['-n', '@traps', ...INIT]);
  assert.equal(
    await host.inside('traps', 'test -c /dev/tty1 && test -c /dev/console && echo terminals'),
    'terminals',
  );
  await host.kill('traps');
  assert.equal(await sh('md5sum /etc/passwd /etc/group; ls -la /dev/console'), before);
});
