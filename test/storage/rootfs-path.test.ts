import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dirStore } from '../../src/storage/dir-store.ts';
import { joinOverlay, overlayLayers } from '../../src/storage/overlay-path.ts';
import { overlayStore } from '../../src/storage/overlay-store.ts';
import { formatVolume, volumeOf } from '../../src/storage/rootfs-path.ts';
import { chooseStore, storeOf } from '../../src/storage/stores.ts';
import { checkVolumeOptions } from '../../src/storage/volume-options.ts';

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

test('what goes into a config cannot add a line to it', () => {
  assert.equal(formatVolume({ type: 'dir', path: '/a b' }), 'dir:/a b');
  assert.throws(() => formatVolume({ type: 'dir', path: '/a\nlxc.hook.start = x' }), {
    code: 'CONFIG_VALUE',
  });
});

test('stores: the first that works; the others are named', async () => {
  const place = { directory: root, name: 'one' };
  for (const wanted of ['dir', 'none', 'aufs,dir'])
    assert.equal((await chooseStore(wanted, place)).type, 'dir');
  const refused = (wanted: string, error: object) =>
    assert.rejects(chooseStore(wanted, place), { code: 'NOT_SUPPORTED', ...error });
  await refused('aufs', { hint: /overlay/ });
  await refused('nbd', { hint: /loop/ });
  await refused('constructor', {});
  assert.throws(() => storeOf({ type: 'nbd', path: '/a' }), { code: 'NOT_SUPPORTED', message: /"nbd"/ });
});

test('overlays in words and taken apart', () => {
  assert.deepEqual(overlayLayers('/l2:/l1:/c/overlay/delta'), {
    lowers: ['/l2', '/l1'],
    upper: '/c/overlay/delta',
    work: '/c/overlay/work',
  });
  assert.equal(joinOverlay({ lowers: ['/l2', '/l1'], upper: '/u' }), '/l2:/l1:/u');
  for (const path of ['/only', 'a:/b', '/a:', ''])
    assert.throws(() => overlayLayers(path), { code: 'CONFIG_VALUE' });
});

test('options that mean nothing to a store are refused by their option', () => {
  assert.throws(() => checkVolumeOptions(overlayStore, { fstype: 'ext4' }), {
    code: 'USAGE',
    message: /--fstype.*overlay/,
  });
  assert.throws(() => checkVolumeOptions(dirStore, { thinPool: 'p' }), { code: 'USAGE', hint: /-B lvm/ });
  checkVolumeOptions(dirStore, { directory: '/a' });
});
