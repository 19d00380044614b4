import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { createContainer } from '../../src/container/lifecycle/create.ts';
import { destroyContainer } from '../../src/container/lifecycle/destroy.ts';
import { sweepLeftovers } from '../../src/container/recovery/leftovers.ts';
import { identify, removeRecord, writeRecord } from '../../src/container/state/runtime-record.ts';
import { covers } from '../register/covers.ts';
import { killedIn, scratch } from './storage-scratch.ts';

const { root, lxcpath, template, entries } = scratch();
const config = join(root, 'empty.conf');
const good = template('mkdir $R/etc; touch $R/etc/a');
const ref = { name: 'one', lxcpath };
const directory = join(lxcpath, 'one');

beforeEach(async () => {
  if (!existsSync(directory)) await createContainer(ref, { template: good, config });
});

function pretendToRun(): void {
  writeRecord({
    version: 1,
    ...ref,
    state: 'RUNNING',
    configFile: join(directory, 'config'),
    overrides: { defines: [] },
    init: identify(process.pid)!,
    startedAt: new Date().toISOString(),
    nics: [],
    ttys: 0,
    unprivileged: false,
  });
}

test('everything of a container goes', async () => {
  await destroyContainer(ref);
  assert.deepEqual(entries(), []);
  await assert.rejects(destroyContainer(ref), { code: 'CONTAINER_MISSING' });
  const runs = globSync(join(root, 'run/containers/*/one/*'));
  assert.deepEqual(runs, [], 'nothing in the run directory either');
});

test('symlinks are removed, not followed; immutable files too', async () => {
  const host = join(root, 'host');
  mkdirSync(host, { recursive: true });
  writeFileSync(join(host, 'file'), 'host');
  symlinkSync(host, join(directory, 'rootfs/link'));
  execFileSync('chattr', ['+i', join(directory, 'rootfs/etc/a')]);
  execFileSync('chattr', ['+a', join(directory, 'rootfs/etc')]);
  await destroyContainer(ref);
  assert.deepEqual(entries(), []);
  assert.equal(readFileSync(join(host, 'file'), 'utf8'), 'host');
});

test('something mounted below it is named and left alone, and so is the container', async () => {
  const host = join(root, 'bound dir');
  mkdirSync(host);
  writeFileSync(join(host, 'file'), 'host');
  const point = join(directory, 'rootfs/etc/mnt');
  mkdirSync(point);
  execFileSync('mount', ['--bind', host, point]);
  try {
    await assert.rejects(destroyContainer(ref), {
      code: 'STORAGE',
      errno: 'EBUSY',
      message: new RegExp(point),
    });
  } finally {
    execFileSync('umount', [point]);
  }
  assert.equal(readFileSync(join(host, 'file'), 'utf8'), 'host');
  assert.ok(existsSync(join(directory, 'rootfs/etc/a')));
});

test('a running one is refused, and stopped first with force', async () => {
  pretendToRun();
  await assert.rejects(destroyContainer(ref), { code: 'RUNNING' });
  let stopped = 0;
  await destroyContainer(ref, {
    force: true,
    async stop() {
      stopped++;
      removeRecord(ref);
    },
  });
  assert.equal(stopped, 1);
  assert.deepEqual(entries(), []);
});

test('with snapshots only when asked; clones of it are in the way', async () => {
  mkdirSync(join(directory, 'snaps/snap0'), { recursive: true });
  writeFileSync(join(directory, 'snaps/snap0/config'), '');
  await assert.rejects(destroyContainer(ref), { code: 'HAS_DEPENDANTS', message: /snap0/ });
  mkdirSync(join(lxcpath, 'clone'));
  writeFileSync(join(lxcpath, 'clone/config'), '');
  writeFileSync(join(directory, 'lxc_snapshots'), `${lxcpath}\nclone\n${lxcpath}\ngone\n`);
  await assert.rejects(destroyContainer(ref, { snapshots: true }), {
    code: 'HAS_DEPENDANTS',
    message: /clone$/,
  });
  await destroyContainer({ name: 'clone', lxcpath });
  await destroyContainer(ref, { snapshots: true });
  assert.deepEqual(entries(), []);
});

test('an empty snaps directory, as LXC leaves it, is no snapshot', async () => {
  mkdirSync(join(directory, 'snaps'));
  await destroyContainer(ref);
  assert.deepEqual(entries(), []);
});

test('destroy hooks run before, and a failing one keeps the container', async () => {
  covers('lxc.hook.destroy');
  const out = join(root, 'hook.out');
  const file = join(directory, 'config');
  appendFileSync(
    file,
    `lxc.hook.destroy = echo "$LXC_NAME $LXC_ROOTFS_PATH $#" "$@" >${out}; echo why >&2; exit 7 #\n`,
  );
  await assert.rejects(destroyContainer(ref), { code: 'HOOK_FAILED', message: /status 7: why/, file });
  assert.equal(readFileSync(out, 'utf8'), `one ${directory}/rootfs 3 one lxc destroy\n`);
  assert.ok(existsSync(join(directory, 'rootfs/etc/a')));
  const fixed = readFileSync(file, 'utf8').replace('exit 7 #', ':');
  writeFileSync(file, `${fixed}lxc.hook.version = 1\n`);
  await destroyContainer(ref);
  assert.equal(readFileSync(out, 'utf8'), `one ${directory}/rootfs 0\n`);
});

test('a broken config is named; force destroys all the same', async () => {
  appendFileSync(join(directory, 'config'), 'lxc.bogus = 1\n');
  await assert.rejects(destroyContainer(ref), { code: 'CONFIG_UNKNOWN_KEY' });
  await destroyContainer(ref, { force: true });
  assert.deepEqual(entries(), []);
});

test('a root filesystem elsewhere goes too, unless it is not managed or the host’s', async () => {
  covers('lxc.rootfs.managed', 'lxc.rootfs.path');
  const outside = join(root, 'outside');
  const two = { name: 'two', lxcpath };
  await createContainer(two, { template: good, config, volumeOptions: { directory: outside } });
  await destroyContainer(two);
  assert.equal(existsSync(outside), false);

  await createContainer(two, { template: good, config, volumeOptions: { directory: outside } });
  appendFileSync(join(lxcpath, 'two/config'), 'lxc.rootfs.managed = 0\n');
  await destroyContainer(two);
  assert.ok(existsSync(join(outside, 'etc/a')));

  for (const path of ['/', '/usr', '/usr/', root, lxcpath, join(directory, 'rootfs')]) {
    mkdirSync(join(lxcpath, 'two'));
    writeFileSync(join(lxcpath, 'two/config'), `lxc.rootfs.path = dir:${path}\n`);
    await assert.rejects(destroyContainer(two), { code: 'STORAGE', message: /is not removed/ }, path);
    writeFileSync(join(lxcpath, 'two/config'), '');
    await destroyContainer(two);
  }
  assert.ok(existsSync(join(directory, 'rootfs/etc/a')));
});

test('after kill -9 in the middle the container is gone from sight and the next command removes the rest', async () => {
  const outside = join(root, 'many');
  const big = template('for i in $(seq 100); do mkdir $R/$i; (cd $R/$i; touch $(seq 60)); done');
  const three = { name: 'three', lxcpath };
  await createContainer(three, { template: big, config, volumeOptions: { directory: outside } });
  const before = entries();
  await killedIn(
    `const { destroyContainer } = await load('container/lifecycle/destroy.ts');
     await destroyContainer({ name: 'three', lxcpath: '${lxcpath}' });`,
    () => !existsSync(outside),
  );
  assert.ok(!existsSync(join(lxcpath, 'three/config')));
  assert.ok(entries().some((entry) => entry.startsWith('.three.destroying-')));
  assert.ok(entries(root).some((entry) => entry.startsWith('.many.destroying-')));
  await destroyContainer(three);
  assert.deepEqual(
    entries(),
    before.filter((entry) => entry !== 'three'),
  );
  assert.ok(!entries(root).some((entry) => entry.includes('many')));
});

test('a directory of the same name that came later is not taken for the old root filesystem', async () => {
  const outside = join(root, 'reused');
  mkdirSync(outside);
  const hidden = join(lxcpath, '.four.destroying-00000000');
  mkdirSync(hidden);
  const note = { rootfs: { path: outside, hidden: join(root, '.x.destroying-00000000'), ino: 1, dev: 1 } };
  writeFileSync(join(hidden, 'destroying'), JSON.stringify(note), { mode: 0o600 });
  assert.deepEqual(await sweepLeftovers(lxcpath), ['four']);
  assert.ok(existsSync(outside));
});
