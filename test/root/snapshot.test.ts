import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as restoring from '../../src/container/copies/restore.ts';
import * as snapshots from '../../src/container/copies/snapshot.ts';
import { createContainer } from '../../src/container/lifecycle/create.ts';
import { destroyContainer } from '../../src/container/lifecycle/destroy.ts';
import { recoverContainer } from '../../src/container/recovery/recover.ts';
import { definedContainers } from '../../src/container/state/list.ts';
import { lockContainer } from '../../src/container/state/lock.ts';
import type { ContainerRef } from '../../src/container/state/paths.ts';
import { identify, removeRecord, writeRecord } from '../../src/container/state/runtime-record.ts';
import { covers } from '../register/covers.ts';
import { killedIn, scratch, unmountBelow } from './storage-scratch.ts';

const { destroySnapshot, listSnapshots } = snapshots;
/** This file is about full copies; what shares layers is in storage-layers.test.ts. */
const createSnapshot = (ref: ContainerRef, options: snapshots.SnapshotOptions = {}) =>
  snapshots.createSnapshot(ref, { ...options, full: true });
const restoreSnapshot = (ref: ContainerRef, name: string, options: restoring.RestoreOptions = {}) =>
  restoring.restoreSnapshot(ref, name, { ...options, full: true });

const { root, lxcpath, template, entries } = scratch();
const ref = { name: 'one', lxcpath };
const directory = join(lxcpath, 'one');
const snaps = join(directory, 'snaps');
const config = join(root, 'snap.conf');
writeFileSync(config, '# kept\nlxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:11:22:33\n');
const good = template(`mkdir $R/etc; echo one >$R/etc/hostname; echo v1 >$R/etc/version
echo "lxc.uts.name = $N" >>$P/config
echo "lxc.mount.fstab = $P/fstab" >>$P/config; echo "none $R/proc proc defaults 0 0" >$P/fstab
mkdir $P/hooks; printf '#!/bin/sh\\n' >$P/hooks/start; chmod 755 $P/hooks/start
echo "lxc.hook.pre-start = $P/hooks/start --flag" >>$P/config
echo "lxc.console.logfile = $P/console.log" >>$P/config
echo "lxc.mount.entry = $P/data $R/srv none bind,optional 0 0" >>$P/config`);

const read = (...path: string[]) => readFileSync(join(...path), 'utf8');
const visible = (path: string) => entries(path).filter((entry) => !/^\./.test(entry));

test('a snapshot is a container of LXC’s layout', async () => {
  await createContainer(ref, { template: good, config });
  const comment = join(root, 'note.txt');
  writeFileSync(comment, 'before the upgrade\n');
  const info = await createSnapshot(ref, { commentFile: comment });
  assert.deepEqual(
    { name: info.name, path: info.path, comment: info.comment },
    {
      name: 'snap0',
      path: snaps,
      comment: 'before the upgrade\n',
    },
  );
  assert.match(info.timestamp, /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/);
  assert.deepEqual(entries(join(snaps, 'snap0')), ['comment', 'config', 'fstab', 'hooks', 'rootfs', 'ts']);
  assert.equal(read(snaps, 'snap0/ts'), info.timestamp);
  const text = read(snaps, 'snap0/config');
  const own = `${snaps}/snap0`;
  assert.ok(text.includes('# kept\n'));
  assert.ok(text.includes(`lxc.rootfs.path = dir:${own}/rootfs\n`));
  assert.ok(text.includes('lxc.uts.name = one\n'));
  assert.ok(text.includes('hwaddr = 00:16:3e:11:22:33\n'));
  assert.ok(text.includes(`lxc.hook.pre-start = ${own}/hooks/start --flag\n`));
  assert.ok(text.includes(`lxc.console.logfile = ${own}/console.log\n`));
  assert.ok(text.includes(`lxc.mount.entry = ${directory}/data ${own}/rootfs/srv none`));
  assert.equal(read(snaps, 'snap0/fstab'), `none ${own}/rootfs/proc proc defaults 0 0\n`);
  assert.equal(lstatSync(join(snaps, 'snap0/hooks/start')).mode & 0o777, 0o755);
});

test('the lowest free number is taken; the list is in their order', async () => {
  await createSnapshot(ref);
  await createSnapshot(ref);
  await destroySnapshot(ref, 'snap1');
  assert.equal((await createSnapshot(ref)).name, 'snap1');
  assert.deepEqual(
    listSnapshots(ref).map(({ name }) => name),
    ['snap0', 'snap1', 'snap2'],
  );
  await assert.rejects(destroySnapshot(ref, 'snap9'), {
    code: 'SNAPSHOT_MISSING',
    hint: /snap0, snap1, snap2/,
  });
  await assert.rejects(destroySnapshot(ref, '../snaps/snap0'), { code: 'SNAPSHOT_MISSING' });
});

test('refused: a running container, none, one at work, a comment that is not there', async () => {
  await assert.rejects(createSnapshot({ name: 'none', lxcpath }), { code: 'CONTAINER_MISSING' });
  await assert.rejects(createSnapshot(ref, { commentFile: join(root, 'nope') }), {
    code: 'USAGE',
    errno: 'ENOENT',
  });
  {
    using _lock = lockContainer(ref);
    await assert.rejects(createSnapshot(ref), { code: 'CONTAINER_BUSY' });
  }
  writeRecord({
    version: 1,
    ...ref,
    state: 'RUNNING',
    configFile: join(directory, 'config'),
    overrides: { defines: [] },
    init: identify(process.pid)!,
    startedAt: '',
    nics: [],
    ttys: 0,
    unprivileged: false,
  });
  await assert.rejects(createSnapshot(ref), { code: 'RUNNING' });
  await assert.rejects(restoreSnapshot(ref, 'snap0'), { code: 'RUNNING' });
  removeRecord(ref);
});

test('restored under a new name it is a container of its own', async () => {
  covers('lxc.hook.clone');
  appendFileSync(
    join(snaps, 'snap0/config'),
    `lxc.hook.clone = echo "$LXC_SRC_NAME" "$@" >${root}/clone.out; :\n`,
  );
  await restoreSnapshot(ref, 'snap0', { newName: 'two' });
  const text = read(lxcpath, 'two/config');
  assert.ok(text.includes(`lxc.rootfs.path = dir:${lxcpath}/two/rootfs\n`));
  assert.ok(text.includes('lxc.uts.name = two\n'));
  assert.ok(!text.includes('lxc.uts.name = one'));
  assert.match(text, /hwaddr = 00:16:3e:(?!11:22:33)[0-9a-f:]{8}\n/);
  assert.ok(text.includes(`lxc.hook.pre-start = ${lxcpath}/two/hooks/start --flag\n`));
  assert.equal(read(lxcpath, 'two/rootfs/etc/hostname'), 'two\n');
  assert.equal(read(lxcpath, 'two/fstab'), `none ${lxcpath}/two/rootfs/proc proc defaults 0 0\n`);
  assert.deepEqual(visible(join(lxcpath, 'two')), ['config', 'fstab', 'hooks', 'rootfs']);
  assert.equal(read(root, 'clone.out'), 'one two lxc clone\n');
  await assert.rejects(restoreSnapshot(ref, 'snap0', { newName: 'two' }), { code: 'CONTAINER_EXISTS' });
  await assert.rejects(restoreSnapshot(ref, 'snap7', { newName: 'three' }), { code: 'SNAPSHOT_MISSING' });
  await assert.rejects(restoreSnapshot(ref, 'snap0', { newName: 'a/b' }), { code: 'NAME_INVALID' });
  await destroyContainer({ name: 'two', lxcpath });
});

test('a hostile /etc/hostname leads nowhere', async () => {
  const victim = join(root, 'victim');
  writeFileSync(victim, 'host');
  const hostname = join(snaps, 'snap1/rootfs/etc/hostname');
  const kinds: Record<string, () => void> = {
    symlink: () => symlinkSync(victim, hostname),
    fifo: () => execFileSync('mkfifo', [hostname]),
    device: () => execFileSync('mknod', [hostname, 'b', '7', '250']),
    directory: () => mkdirSync(hostname),
  };
  for (const [kind, make] of Object.entries(kinds)) {
    rmSync(hostname, { recursive: true, force: true });
    make();
    await restoreSnapshot(ref, 'snap1', { newName: kind });
    await destroyContainer({ name: kind, lxcpath });
  }
  // Resolved inside the root: this is a directory of the guest's that is not there.
  rmSync(join(snaps, 'snap1/rootfs/etc'), { recursive: true });
  symlinkSync(root, join(snaps, 'snap1/rootfs/etc'));
  writeFileSync(join(root, 'hostname'), 'host');
  await restoreSnapshot(ref, 'snap1', { newName: 'link' });
  await destroyContainer({ name: 'link', lxcpath });
  assert.equal(readFileSync(victim, 'utf8'), 'host');
  assert.equal(read(root, 'hostname'), 'host');
});

test('restored over itself it is what it was; its snapshots stay', async () => {
  const before = read(directory, 'config');
  writeFileSync(join(directory, 'rootfs/etc/version'), 'v2\n');
  writeFileSync(join(directory, 'rootfs/etc/new'), '');
  writeFileSync(join(directory, 'config'), 'lxc.bogus = spoilt\n');
  rmSync(join(directory, 'hooks'), { recursive: true });
  await restoreSnapshot(ref, 'snap2');
  assert.equal(read(directory, 'config'), before);
  assert.equal(read(directory, 'rootfs/etc/version'), 'v1\n');
  assert.equal(existsSync(join(directory, 'rootfs/etc/new')), false);
  assert.ok(existsSync(join(directory, 'hooks/start')));
  assert.deepEqual(entries(directory), ['config', 'fstab', 'hooks', 'rootfs', 'snaps']);
  assert.equal(listSnapshots(ref).length, 3);
});

test('a root filesystem elsewhere is replaced where it is', async () => {
  const outside = join(root, 'outside');
  const four = { name: 'four', lxcpath };
  await createContainer(four, { template: good, config, volumeOptions: { directory: outside } });
  await createSnapshot(four);
  writeFileSync(join(outside, 'etc/version'), 'v2\n');
  await restoreSnapshot(four, 'snap0');
  assert.equal(read(outside, 'etc/version'), 'v1\n');
  assert.ok(read(lxcpath, 'four/config').includes(`dir:${outside}\n`));
  appendFileSync(join(lxcpath, 'four/config'), 'lxc.rootfs.managed = 0\n');
  await assert.rejects(createSnapshot(four), { code: 'CONFIG_CONFLICT' });
  writeFileSync(join(lxcpath, 'four/config'), 'lxc.rootfs.path = dir:/usr\n');
  await assert.rejects(restoreSnapshot(four, 'snap0'), { code: 'STORAGE' });
  writeFileSync(join(lxcpath, 'four/config'), `lxc.rootfs.path = dir:${outside}\n`);
  await destroyContainer(four, { snapshots: true });
  assert.deepEqual(
    entries(root).filter((entry) => entry.includes('outside')),
    [],
  );
});

test('an abort leaves no half snapshot and no half container', async () => {
  const abort = new AbortController();
  const stop = { signal: abort.signal, onStep: () => abort.abort(new Error('ctrl-c')) };
  const before = entries(snaps);
  await assert.rejects(createSnapshot(ref, stop), /ctrl-c/);
  await assert.rejects(restoreSnapshot(ref, 'snap2', { ...stop, newName: 'three' }), /ctrl-c/);
  await assert.rejects(restoreSnapshot(ref, 'snap2', stop), /ctrl-c/);
  assert.deepEqual(entries(snaps), before);
  assert.deepEqual(entries(), ['one']);
  assert.deepEqual(entries(directory), ['config', 'fstab', 'hooks', 'rootfs', 'snaps']);
});

test('a full disk: one error, no half snapshot, the container as it was', async () => {
  const disk = join(root, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
  try {
    const big = { name: 'big', lxcpath: disk };
    await createContainer(big, {
      template: template('mkdir $R/etc; head -c 700K /dev/urandom >$R/etc/big'),
      config,
    });
    await createSnapshot(big);
    await assert.rejects(createSnapshot(big), {
      code: 'DISK_FULL',
      message: /half-made snapshot is removed/,
    });
    assert.deepEqual(entries(join(disk, 'big/snaps')), ['snap0']);
    await assert.rejects(restoreSnapshot(big, 'snap0', { newName: 'three' }), { code: 'DISK_FULL' });
    await assert.rejects(restoreSnapshot(big, 'snap0'), { code: 'DISK_FULL', message: /is as it was/ });
    assert.deepEqual(entries(disk), ['big']);
    assert.deepEqual(entries(join(disk, 'big')), ['config', 'rootfs', 'snaps']);
    assert.equal(lstatSync(join(disk, 'big/rootfs/etc/big')).size, 700 * 1024);
    execFileSync('sh', ['-c', `head -c 8M /dev/zero >${disk}/fill || :`], { stdio: 'ignore' });
    await destroyContainer(big, { snapshots: true });
    assert.deepEqual(entries(disk), ['fill']);
  } finally {
    unmountBelow(root);
  }
});

const many = template(
  'mkdir $R/etc; echo v1 >$R/etc/version; for i in $(seq 120); do mkdir $R/$i; (cd $R/$i; touch $(seq 60)); done',
);
const load = (name: string, call: string) =>
  `const m = await load('container/copies/${name}.ts'); await m.${call};`.replaceAll(
    'REF',
    `{ name: 'many', lxcpath: '${lxcpath}' }`,
  );

test('after kill -9 in the middle the next command removes the half-made snapshot', async () => {
  const ref = { name: 'many', lxcpath };
  const snaps = join(lxcpath, 'many/snaps');
  await createContainer(ref, { template: many, config });
  const half = () => entries(snaps).find((entry) => entry.includes('creating'));
  await killedIn(load('snapshot', 'createSnapshot(REF, { full: true })'), () =>
    existsSync(join(snaps, half() ?? 'no', 'rootfs/1')),
  );
  assert.deepEqual(listSnapshots(ref), []);
  assert.equal((await createSnapshot(ref)).name, 'snap0');
  assert.deepEqual(entries(snaps), ['snap0']);

  const made = join(lxcpath, 'copy');
  await killedIn(load('restore', "restoreSnapshot(REF, 'snap0', { newName: 'copy', full: true })"), () =>
    existsSync(join(made, 'rootfs/1')),
  );
  assert.ok(!definedContainers(lxcpath).includes('copy'));
  await restoreSnapshot(ref, 'snap0', { newName: 'copy' });
  await destroyContainer({ name: 'copy', lxcpath });

  await killedIn(load('snapshot', "destroySnapshot(REF, 'snap0')"), () => !existsSync(join(snaps, 'snap0')));
  assert.deepEqual(listSnapshots(ref), []);
  await destroySnapshot(ref, 'ALL');
  assert.equal(existsSync(snaps), false);
});

test('a restore over itself that is killed while it copies leaves the container as it was', async () => {
  const ref = { name: 'many', lxcpath };
  const directory = join(lxcpath, 'many');
  await createSnapshot(ref);
  const clean = entries(directory);
  writeFileSync(join(directory, 'rootfs/etc/version'), 'v2\n');
  const building = () => entries(directory).some((entry) => entry.startsWith('.config.restoring'));
  await killedIn(load('restore', "restoreSnapshot(REF, 'snap0', { full: true })"), building);
  {
    using _lock = lockContainer(ref);
    await recoverContainer(ref);
  }
  assert.deepEqual(entries(directory), clean);
  assert.equal(read(directory, 'rootfs/etc/version'), 'v2\n');
  assert.ok(existsSync(join(directory, 'rootfs/120/60')));
});

test('each half-way point of the swap is brought to its end', async () => {
  const ref = { name: 'many', lxcpath };
  const directory = join(lxcpath, 'many');
  const path = (name: string) => join(directory, name);
  const rootfs = { target: path('rootfs'), fresh: path('.fresh'), old: path('.old') };
  const steps = [
    () => {},
    () => execFileSync('mv', [rootfs.target, rootfs.old]),
    () => execFileSync('mv', [rootfs.fresh, rootfs.target]),
    () => execFileSync('mv', [path('.build/config'), path('config')]),
  ];
  const config = read(directory, 'config');
  for (let reached = 0; reached < steps.length; reached++) {
    mkdirSync(rootfs.fresh);
    writeFileSync(join(rootfs.fresh, 'reached'), String(reached));
    mkdirSync(path('.build'));
    writeFileSync(path('.build/config'), `${config}# ${reached}\n`);
    const journal = { phase: 'swapping', build: path('.build'), files: ['config'], swaps: [rootfs] };
    writeFileSync(path('restoring'), JSON.stringify(journal), { mode: 0o600 });
    for (const step of steps.slice(0, reached + 1)) step();
    await recoverContainer(ref);
    assert.equal(read(directory, 'rootfs/reached'), String(reached));
    assert.equal(read(directory, 'config'), `${config}# ${reached}\n`);
    assert.deepEqual(
      entries(directory).filter((entry) => entry.startsWith('.') || entry === 'restoring'),
      [],
    );
  }
  await destroyContainer(ref, { snapshots: true });
});
