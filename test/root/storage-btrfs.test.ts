/** Containers on btrfs subvolumes, and what guests do with subvolumes of their own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { skip } from './harness/container-host.ts';
import { scratchFilesystem, storageTable } from './storage-table.ts';

const subvolumes = (path: string) =>
  execFileSync('btrfs', ['subvolume', 'list', '-o', path], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

const host = storageTable({
  type: 'btrfs',
  filesystem: () => scratchFilesystem(['mkfs.btrfs', '-q']),
  path: 'btrfs:DIR/rootfs',
  shares: true,
  quota: ['--fssize', '48M'],
  left: subvolumes,
});

const name = (short: string) => join(host.lxcpath, host.name(short));
const bare = (short: string) =>
  host.ok('create', ['-n', `@${short}`, '-t', 'none', '-B', 'btrfs', '--fssize', '100M', '-f', '/dev/null']);

test("a guest's own subvolumes are copied, snapshotted and removed", { skip }, async () => {
  await bare('g');
  const rootfs = join(name('g'), 'rootfs');
  execFileSync('sh', [
    '-euc',
    `cd "$0"; mkdir -p var/lib; btrfs subvolume create var/lib/machines; echo 1 >var/lib/machines/file
     btrfs subvolume create 'var/lib/machines/odd
name'; echo 2 >'var/lib/machines/odd
name/file'; btrfs subvolume snapshot -r var/lib/machines var/read-only; touch -d 2001-02-03 var/lib`,
    rootfs,
  ]);
  const expected = ['var/lib/machines/file', 'var/lib/machines/odd\nname/file', 'var/read-only/file'];
  const holds = (place: string) => {
    for (const file of expected) assert.ok(existsSync(join(place, file)), `${place}/${file}`);
    assert.equal(lstatSync(join(place, 'var/lib')).mtime.toISOString().slice(0, 10), '2001-02-03');
  };
  await host.ok('copy', ['-n', '@g', '-N', host.name('gs'), '-s']);
  holds(join(name('gs'), 'rootfs'));
  assert.equal(lstatSync(join(name('gs'), 'rootfs/var/lib/machines')).ino, 256);
  await host.ok('copy', ['-n', '@g', '-N', host.name('gd'), '-B', 'dir']);
  holds(join(name('gd'), 'rootfs'));
  await host.ok('snapshot', ['-n', '@g']);
  holds(join(name('g'), 'snaps/snap0/rootfs'));
  execFileSync('rm', [join(rootfs, 'var/lib/machines/file')]);
  await host.ok('snapshot', ['-n', '@g', '-r', 'snap0']);
  holds(rootfs);
  const archive = join(host.root, 'g.tslxc');
  await host.ok('export', ['-n', '@g', '-o', archive]);
  await host.ok('import', [archive, '-N', host.name('gi')]);
  holds(join(name('gi'), 'rootfs'));
  for (const short of ['g', 'gs', 'gd', 'gi']) await host.ok('destroy', ['-n', `@${short}`, '-s']);
  assert.deepEqual(subvolumes(host.lxcpath), []);
});

test('a path without a type is found to be a subvolume', { skip }, async () => {
  await bare('p');
  const file = host.config('p');
  writeFileSync(file, readFileSync(file, 'utf8').replace('btrfs:', ''));
  await host.ok('copy', ['-n', '@p', '-N', host.name('ps'), '-s']);
  assert.match(readFileSync(host.config('ps'), 'utf8'), /lxc\.rootfs\.path = btrfs:/);
  for (const short of ['p', 'ps']) await host.ok('destroy', ['-n', `@${short}`]);
  assert.deepEqual(subvolumes(host.lxcpath), []);
});

test('to another filesystem everything is copied; -s says that it cannot', { skip }, async () => {
  await bare('o');
  writeFileSync(join(name('o'), 'rootfs/file'), 'text');
  const elsewhere = ['-p', host.root];
  const { code, stderr } = await host.tslxc('copy', ['-n', '@o', '-N', host.name('x'), '-s', ...elsewhere]);
  assert.equal(code, 1);
  assert.match(stderr, /cannot be shared/);
  assert.ok(!existsSync(join(host.root, host.name('x'))));
  const refused = await host.tslxc('copy', ['-n', '@o', '-N', host.name('x'), ...elsewhere]);
  assert.match(refused.stderr, /is not on a btrfs filesystem/);
  await host.ok('copy', ['-n', '@o', '-N', host.name('y'), '-B', 'dir', ...elsewhere]);
  assert.equal(readFileSync(join(host.root, host.name('y'), 'rootfs/file'), 'utf8'), 'text');
  await host.ok('destroy', ['-P', host.root, '-n', '@y']);
  await host.ok('destroy', ['-n', '@o']);
  const made = await host.tslxc('create', [
    '-P',
    host.root,
    '-n',
    '@z',
    '-t',
    'none',
    '-B',
    'btrfs',
    '--fssize',
    '9M',
  ]);
  assert.equal(made.code, 1);
  assert.match(made.stderr, /is not on a btrfs filesystem/);
  assert.ok(!existsSync(join(host.root, host.name('z'))));
});
