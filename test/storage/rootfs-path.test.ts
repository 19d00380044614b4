import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { chooseStore, storeOf } from '../../src/storage/backing-store.ts';
import { formatVolume, volumeOf } from '../../src/storage/rootfs-path.ts';

const root = mkdtempSync(join(tmpdir(), 'tslxc-rootfs-'));
after(() => rmSync(root, { recursive: true }));

test('the type in front, or found out by looking', () => {
  assert.deepEqual(volumeOf('dir:/srv/a'), { type: 'dir', path: '/srv/a' });
  assert.deepEqual(volumeOf('/srv/a:b/'), { type: 'dir', path: '/srv/a:b' });
  assert.deepEqual(volumeOf('overlayfs:/l:/u'), { type: 'overlay', path: '/l:/u' });
  assert.deepEqual(volumeOf('tank/lxc/a'), { type: 'zfs', path: 'tank/lxc/a' });
  writeFileSync(join(root, 'image'), '');
  assert.deepEqual(volumeOf(join(root, 'image')), { type: 'loop', path: join(root, 'image') });
  assert.deepEqual(volumeOf('dir:/'), { type: 'dir', path: '/' });
});

test('what goes into a config can not add a line to it', () => {
  assert.equal(formatVolume({ type: 'dir', path: '/a b' }), 'dir:/a b');
  assert.throws(() => formatVolume({ type: 'dir', path: '/a\nlxc.hook.start = x' }), {
    code: 'CONFIG_VALUE',
  });
});

test('stores: the first that works; the others are named', () => {
  for (const wanted of ['dir', 'none', 'best', 'btrfs,dir']) assert.equal(chooseStore(wanted).type, 'dir');
  assert.throws(() => chooseStore('lvm'), { code: 'NOT_SUPPORTED', message: /"lvm"/ });
  assert.throws(() => chooseStore('aufs'), { code: 'NOT_SUPPORTED', hint: /overlay/ });
  assert.throws(() => chooseStore('constructor'), { code: 'NOT_SUPPORTED' });
  assert.throws(() => storeOf({ type: 'zfs', path: 'a/b' }), { code: 'NOT_SUPPORTED', message: /"zfs"/ });
});
