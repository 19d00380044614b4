/** Containers whose folder, config or files are symbolic links, and folders that users prepared. */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportContainer } from '../../src/container/archive/export.ts';
import { importContainer } from '../../src/container/archive/import.ts';
import { cloneContainer } from '../../src/container/copies/clone.ts';
import { flattenContainer } from '../../src/container/copies/flatten.ts';
import { renameContainer } from '../../src/container/copies/rename.ts';
import { restoreSnapshot } from '../../src/container/copies/restore.ts';
import { createSnapshot, destroySnapshot } from '../../src/container/copies/snapshot.ts';
import { checkStorage } from '../../src/container/lifecycle/check-storage.ts';
import { createContainer } from '../../src/container/lifecycle/create.ts';
import { destroyContainer } from '../../src/container/lifecycle/destroy.ts';
import { scratch } from './storage-scratch.ts';

const { root, lxcpath, template, entries } = scratch();
const config = join(root, 'empty.conf');
const tiny = template('mkdir -p "$R/etc"; echo one >"$R/etc/hostname"; echo v1 >"$R/version"');
const at = (name: string, ...path: string[]) => join(lxcpath, name, ...path);
const ref = (name: string) => ({ name, lxcpath });
const text = (path: string) => readFileSync(path, 'utf8');

/** Moves something away and leaves a link to it. @returns where it is now */
function linked(path: string): string {
  const away = join(root, `away-${path.slice(lxcpath.length + 1).replaceAll('/', '-')}`);
  renameSync(path, away);
  symlinkSync(away, path);
  return away;
}

test('a linked folder: copied, sealed, renamed; not destroyed behind the link', async () => {
  await createContainer(ref('folder'), { template: tiny, config });
  const away = linked(at('folder'));
  await createSnapshot(ref('folder'));
  // What it stands on is in use, also for the removal of another container that stands on the same.
  await cloneContainer(ref('folder'), ref('clone'), { snapshot: true });
  await destroyContainer(ref('clone'));
  assert.deepEqual(checkStorage(lxcpath), []);
  assert.equal(text(at('folder', 'rootfs/version')), 'v1\n');
  await renameContainer(ref('folder'), 'renamed');
  assert.ok(lstatSync(at('renamed')).isSymbolicLink());
  assert.equal(text(at('renamed', 'rootfs/etc/hostname')), 'renamed\n');
  await cloneContainer(ref('renamed'), ref('full'));
  assert.equal(text(at('full', 'rootfs/version')), 'v1\n');
  await assert.rejects(
    destroyContainer(ref('renamed'), { snapshots: true }),
    /renamed is a symbolic link to .*away/,
  );
  assert.ok(existsSync(join(away, 'config')));
  rmSync(at('renamed'));
  renameSync(away, at('renamed'));
  await destroyContainer(ref('renamed'), { snapshots: true });
  assert.deepEqual(entries(join(lxcpath, '.layers')), []);
});

test('linked files: read where they are, never left behind in silence', async () => {
  const away = linked(at('full', 'rootfs'));
  await cloneContainer(ref('full'), ref('copy'));
  assert.ok(lstatSync(at('copy', 'rootfs')).isDirectory());
  assert.equal(text(at('copy', 'rootfs/version')), 'v1\n');
  await createSnapshot(ref('full'));
  assert.equal(text(at('full', 'snaps/snap0/rootfs/version')), 'v1\n');
  await exportContainer(ref('full'), { file: join(root, 'full.tar') });
  await importContainer({ file: join(root, 'full.tar'), lxcpath, name: 'imported' });
  assert.equal(text(at('imported', 'rootfs/version')), 'v1\n');
  for (const attempt of [
    () => restoreSnapshot(ref('full'), 'snap0'),
    () => destroyContainer(ref('full'), { snapshots: true }),
  ])
    await assert.rejects(
      attempt(),
      /full\/rootfs is a symbolic link to .*away-full-rootfs, which would be left/,
    );
  assert.equal(text(join(away, 'version')), 'v1\n');
  rmSync(at('full', 'rootfs'));
  renameSync(away, at('full', 'rootfs'));
  const snapshot = linked(at('full', 'snaps/snap0'));
  await assert.rejects(destroySnapshot(ref('full'), 'snap0'), /symbolic link/);
  assert.ok(existsSync(join(snapshot, 'rootfs/version')));
  rmSync(at('full', 'snaps'), { recursive: true });
  for (const name of ['full', 'copy', 'imported']) await destroyContainer(ref(name));
});

test('a linked config stays a link, and what it leads to is its owner’s', async () => {
  await createContainer(ref('linked'), { template: tiny, config });
  const away = linked(at('linked', 'config'));
  await createSnapshot(ref('linked'));
  await restoreSnapshot(ref('linked'), 'snap0');
  await flattenContainer(ref('linked'));
  assert.ok(lstatSync(at('linked', 'config')).isSymbolicLink());
  assert.match(text(away), /^lxc\.rootfs\.path = dir:/m);
  const words: string[] = [];
  await destroyContainer(ref('linked'), { snapshots: true, onLine: (line) => words.push(line) });
  assert.match(words.join(), /its config was a link: .*away-linked-config is left/);
  assert.ok(existsSync(away));
  assert.ok(!existsSync(at('linked')));
});

test('only a config makes a container: a prepared folder is taken, and given back', async () => {
  const prepare = () => {
    mkdirSync(at('prepared', 'rootfs'), { recursive: true });
    writeFileSync(at('prepared', 'rootfs/mine'), 'mine');
    writeFileSync(at('prepared', 'notes'), 'mine');
  };
  prepare();
  await createContainer(ref('prepared'), { template: 'none', config });
  assert.deepEqual(entries(at('prepared')), ['config', 'notes', 'rootfs']);
  await assert.rejects(createContainer(ref('prepared'), { template: 'none', config }), /already exists/);
  await destroyContainer(ref('prepared'));
  prepare();
  await createContainer(ref('prepared'), { template: tiny, config });
  assert.deepEqual(readdirSync(at('prepared', 'rootfs')).sort(), ['etc', 'mine', 'version']);
  await destroyContainer(ref('prepared'));
  prepare();
  await assert.rejects(
    createContainer(ref('prepared'), { template: template('touch $P/made; exit 3'), config }),
  );
  assert.deepEqual(entries(at('prepared')), ['notes', 'rootfs']);
  await assert.rejects(cloneContainer(ref('prepared'), ref('prepared')));
  rmSync(at('prepared'), { recursive: true });
  assert.deepEqual(entries(), ['.layers']);
});

test('a container directory with blanks and commas has layers; with a colon the error says so', async () => {
  const odd = join(root, "an odd, = 'place'");
  const [one, two, three] = ['one', 'two', 'three'].map((name) => ({ name, lxcpath: odd })) as [
    ReturnType<typeof ref>,
    ReturnType<typeof ref>,
    ReturnType<typeof ref>,
  ];
  await createContainer(one, { template: tiny, config });
  await cloneContainer(one, two, { snapshot: true });
  await createSnapshot(one);
  writeFileSync(join(odd, 'one/rootfs/version'), 'v2');
  await cloneContainer(one, three, { snapshot: true });
  assert.equal(text(join(odd, 'three/rootfs/version')), 'v2');
  assert.equal(text(join(odd, 'two/rootfs/version')), 'v1\n');
  await destroyContainer(one, { snapshots: true });
  assert.deepEqual(checkStorage(odd), []);
  assert.equal(text(join(odd, 'three/rootfs/etc/hostname')), 'three\n');
  for (const last of [two, three]) await destroyContainer(last);
  assert.deepEqual(entries(odd), ['.layers']);
  assert.deepEqual(entries(join(odd, '.layers')), []);
  const colon = { name: 'one', lxcpath: join(root, 'a:b') };
  await createContainer(colon, { template: tiny, config });
  await assert.rejects(
    cloneContainer(colon, { ...colon, name: 'two' }, { snapshot: true }),
    /a colon in its name/,
  );
  await createSnapshot(colon);
  await destroyContainer(colon, { snapshots: true });
});
