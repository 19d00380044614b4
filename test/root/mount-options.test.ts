/** One container with a mount of every kind: what each option of lxc.mount.entry comes to inside. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { type MountLine, parseMountinfo } from './harness/mountinfo.ts';
import { sh } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ manual: true });
const busybox = new Busybox(host);
const source = join(host.root, 'source');
const shared = join(host.root, 'shared');
const INIT = ['--', '/bin/sleep', '1000'];
/** A process in a user namespace in which uid 0 is 4242 outside. */
let holder: ChildProcess;

const PROPAGATION = ['private', 'shared', 'slave', 'unbindable'];
const FLAGS = ['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'nosymfollow'];
const SUPER = ['sync', 'dirsync', 'lazytime'];
const entry = (line: string) => `lxc.mount.entry = ${line} 0 0`;

let mountinfo: Map<string, MountLine>;

before(async () => {
  if (skip) return;
  mkdirSync(join(source, 'sub'), { recursive: true });
  writeFileSync(join(source, 'file'), 'of the host\n');
  writeFileSync(join(source, 'theirs'), '');
  chownSync(join(source, 'theirs'), 0, 0);
  for (const name of ['lower', 'upper', 'work']) mkdirSync(join(source, name));
  writeFileSync(join(source, 'lower/below'), 'lower\n');
  await sh(`mount -t tmpfs under ${source}/sub`);
  holder = spawn('unshare', ['-U', 'sleep', '1000']);
  const ns = () => sh(`readlink /proc/${holder.pid}/ns/user`).catch(() => '');
  const own = await sh('readlink /proc/self/ns/user');
  await eventually('a user namespace', async () => ![own, ''].includes(await ns()));
  for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${holder.pid}/${file}`, '0 4242 1\n');
  await busybox.make('all');
  const rootfs = host.rootfs('all');
  busybox.reconfigure(
    'all',
    [
      `lxc.mount.auto = shmounts:${shared}`,
      ...PROPAGATION.map((word) => entry(`tmpfs mnt/${word} tmpfs ${word},create=dir`)),
      ...PROPAGATION.map((word) => entry(`${source} mnt/r${word} none rbind,r${word},create=dir`)),
      ...FLAGS.map((word) => entry(`${source} mnt/b-${word} none bind,${word},create=dir`)),
      ...[...FLAGS, ...SUPER].map((word) => entry(`tmpfs mnt/f-${word} tmpfs ${word},create=dir`)),
      entry(`${source} mnt/strict none bind,strictatime,create=dir`),
      entry(`${source} mnt/several none bind,ro,nosuid,rw,nodev,create=dir`),
      entry(`${source} /mnt/slash none bind,create=dir`),
      entry(`tmpfs ${rootfs}/mnt/absolute tmpfs create=dir`),
      entry('etc/passwd mnt/relative none bind,relative,create=file'),
      entry(`${source}/file mnt/deep/er/file none bind,optional,create=file`),
      entry('proc mnt/proc proc nosuid,create=dir'),
      entry('mqueue mnt/mqueue mqueue create=dir'),
      entry(
        `overlay mnt/overlay overlay lowerdir=${source}/lower,upperdir=${source}/upper,workdir=${source}/work,create=dir`,
      ),
      entry(`${source} mnt/mapped none bind,idmap=/proc/${holder.pid}/ns/user,create=dir`),
      entry(`${source} mnt/own none bind,idmap=container,create=dir`),
      entry('with\\040blank mnt/a\\040b tmpfs create=dir'),
    ].join('\n'),
  );
  await host.ok('start', ['-n', '@all', ...INIT]);
  mountinfo = parseMountinfo(await host.inside('all', 'cat /proc/self/mountinfo'));
});

after(async () => {
  if (skip) return;
  holder.kill('SIGKILL');
  await host.kill('all');
  await sh(`umount ${source}/sub`);
  await host.dispose();
});

const at = (name: string) => {
  const line = mountinfo.get(`/mnt/${name}`);
  assert.ok(line, `nothing is mounted on /mnt/${name}`);
  return line;
};

test('propagation: private, shared, slave, unbindable', { skip }, () => {
  covers('lxc.mount.entry');
  assert.deepEqual(at('private').propagation, []);
  assert.deepEqual(at('shared').propagation, ['shared']);
  assert.deepEqual(at('unbindable').propagation, ['unbindable']);
  // A tmpfs of the container's own has no master to be the slave of.
  assert.deepEqual(at('slave').propagation, []);
});

test('the r-variants of propagation reach the mounts below', { skip }, () => {
  for (const name of ['rprivate', 'rprivate/sub']) assert.deepEqual(at(name).propagation, [], name);
  for (const name of ['rshared', 'rshared/sub']) assert.ok(at(name).propagation.includes('shared'), name);
  for (const name of ['runbindable', 'runbindable/sub'])
    assert.deepEqual(at(name).propagation, ['unbindable'], name);
});

test('flags of a bind and of a file system', { skip }, () => {
  for (const word of FLAGS) {
    assert.ok(at(`b-${word}`).options.includes(word), `bind ${word}: ${at(`b-${word}`).options}`);
    assert.ok(at(`f-${word}`).options.includes(word), `tmpfs ${word}: ${at(`f-${word}`).options}`);
  }
  for (const word of SUPER)
    assert.ok(at(`f-${word}`).superOptions.includes(word), `${word}: ${at(`f-${word}`).superOptions}`);
  assert.ok(!at('strict').options.some((word) => /relatime|noatime/.test(word)));
  const several = at('several').options;
  assert.ok(several.includes('rw') && several.includes('nosuid') && several.includes('nodev'));
});

test('targets: with a slash, with the root file system in front, with a blank', { skip }, async () => {
  assert.equal(await host.inside('all', 'cat /mnt/slash/file'), 'of the host');
  assert.equal(at('absolute').type, 'tmpfs');
  assert.equal(mountinfo.get('/mnt/a\\040b')?.type, 'tmpfs');
  assert.match(await host.inside('all', 'cat /mnt/deep/er/file'), /of the host/);
});

test('relative: the source is in the container', { skip }, async () => {
  assert.equal(await host.inside('all', 'cmp /etc/passwd /mnt/relative && echo same'), 'same');
  assert.ok(mountinfo.has('/mnt/relative'));
});

test('file systems that are no binds', { skip }, async () => {
  assert.equal(at('proc').type, 'proc');
  assert.equal(await host.inside('all', 'cat /mnt/proc/1/comm'), 'sleep');
  assert.equal(at('mqueue').type, 'mqueue');
  assert.equal(await host.inside('all', 'cat /mnt/overlay/below; echo up >/mnt/overlay/new'), 'lower');
  assert.ok(existsSync(join(source, 'upper/new')));
});

test('idmap=PATH: owners as that user namespace maps them', { skip }, async () => {
  assert.equal(await host.inside('all', 'stat -c %u /mnt/mapped/theirs /mnt/own/theirs'), '4242\n0');
});

test('shmounts: a later mount below the host folder shows up inside', { skip }, async () => {
  covers('lxc.mount.auto');
  mkdirSync(join(shared, 'late'));
  await sh(`mount --bind ${source} ${shared}/late`);
  assert.equal(await host.inside('all', 'cat /dev/.lxc-mounts/late/file'), 'of the host');
  await sh(`umount ${shared}/late`);
  assert.equal(await host.inside('all', 'ls /dev/.lxc-mounts/late'), '');
  // The container cannot reach the host that way.
  await host.inside('all', 'mount -t tmpfs escaped /dev/.lxc-mounts/late');
  assert.equal(await sh('grep -c "^escaped " /proc/mounts || true'), '0\n');
  await host.kill('all');
  assert.equal(await sh(`grep -c ${shared} /proc/mounts || true`), '0\n', 'the shared mount is gone');
  await host.ok('start', ['-n', '@all', ...INIT]);
});

test('mistakes are one error with file and line', { skip }, async () => {
  const faults: Record<string, [string, RegExp]> = {
    idmap: [entry(`${source} mnt none bind,idmap=nobody`), /nobody/],
    nomap: [entry(`${source} mnt none bind,idmap=/no/such/ns`), /\/no\/such\/ns: .*it does not exist/],
    mapfs: [entry('tmpfs mnt tmpfs idmap=container'), /only what is bound/],
    inner: [entry('no/such/inner mnt none bind,relative'), /no\/such\/inner/],
    shared: ['lxc.mount.auto = shmounts:/proc/nowhere', /\/proc\/nowhere/],
  };
  await busybox.make('faults');
  for (const [name, [config, message]] of Object.entries(faults)) {
    busybox.reconfigure('faults', config);
    const { code, stderr } = await host.tslxc('start', ['-n', '@faults', ...INIT]);
    assert.equal(code, 1, name);
    assert.match(stderr, message);
    assert.match(stderr, /config:\d+/, name);
  }
});
