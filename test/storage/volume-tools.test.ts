/** The command lines of backing stores whose kernel parts a host may lack. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQgroups } from '../../src/storage/btrfs-quota.ts';
import { splitLogical } from '../../src/storage/lvm-volume.ts';
import type { Volume } from '../../src/storage/rootfs-path.ts';
import { chooseStore, storeOf, unsupportedStorage } from '../../src/storage/stores.ts';
import { type Answers, recorder } from './recorder.ts';

/** Runs with tools that only write down how they were called. */
async function recorded(
  tools: readonly string[],
  answers: Answers,
  run: () => Promise<unknown>,
): Promise<string[]> {
  const fake = recorder(tools, answers);
  const { PATH } = process.env;
  process.env.PATH = `${fake.path}:${PATH}`;
  try {
    await run();
    return fake.calls();
  } finally {
    process.env.PATH = PATH;
    fake.remove();
  }
}

const LVM = [
  'lvs',
  'vgs',
  'lvcreate',
  'lvremove',
  'lvrename',
  'lvextend',
  'lvchange',
  'mkfs.ext4',
  'mkfs.xfs',
];
const web: Volume = { type: 'lvm', path: '/dev/vg/web' };
const copy: Volume = { type: 'lvm', path: '/dev/vg/copy' };
const lvm = storeOf(web);

test('lvm: thick', async () => {
  const calls = await recorded(LVM, [['lvs*vg/pool', 1]], () =>
    lvm.create(web, { size: 2 ** 30, fstype: 'xfs', thinPool: 'pool' }),
  );
  assert.deepEqual(calls, [
    'lvs --noheadings -o lv_attr vg/pool',
    'lvcreate --quiet --yes --wipesignatures y --size 1073741824b --name web vg',
    'mkfs.xfs -q -f /dev/vg/web',
  ]);
  assert.equal(await lvmStandsAlone('  1073741824|||'), false);
});

test('lvm: thin', async () => {
  const calls = await recorded(LVM, [['lvs*vg/pool', '  twi-aotz--']], () =>
    lvm.create(web, { thinPool: 'pool' }),
  );
  assert.deepEqual(calls.slice(2), [
    'lvcreate --quiet --yes --wipesignatures y --virtualsize 1073741824b --thinpool pool --name web vg',
    'mkfs.ext4 -q -F /dev/vg/web',
  ]);
  assert.equal(await lvmStandsAlone('  1073741824|12.50|pool|'), true);
});

async function lvmStandsAlone(line: string): Promise<boolean | undefined> {
  let answer: boolean | undefined;
  await recorded(LVM, [['lvs*', line]], async () => {
    answer = await lvm.standsAlone?.(web);
  });
  return answer;
}

test('lvm: what a volume needs, removal, renaming', async () => {
  await recorded(LVM, [['lvs*', '  100|5.00||web']], async () => {
    assert.deepEqual(await lvm.sharesWith(copy), ['/dev/vg/web']);
  });
  await recorded(LVM, [['lvs*', '  100|5.00|pool|web']], async () => {
    assert.deepEqual(await lvm.sharesWith(copy), []);
  });
  assert.deepEqual(await recorded(LVM, [['lvs*', 1]], () => lvm.remove(web)), [
    'lvs --noheadings -o lv_name vg/web',
  ]);
  const removed = await recorded(LVM, [['lvs*lv_name,origin,pool_lv*', '  web|||']], () => lvm.remove(web));
  assert.equal(removed.at(-1), 'lvremove --quiet --yes --force vg/web');
  await recorded(LVM, [['lvs*lv_name,origin,pool_lv*', '  copy|web|']], () =>
    assert.rejects(lvm.remove(web), {
      code: 'STORAGE',
      message: /its snapshots would be lost with it: copy/,
    }),
  );
  assert.deepEqual(await recorded(LVM, [], () => lvm.rename(web, copy)), ['lvrename --quiet vg web copy']);
});

test('lvm: where a volume goes, and why it cannot', async () => {
  const place = { directory: '/nowhere', name: 'new', options: { volumeGroup: 'tank' } };
  assert.equal(lvm.at(place).path, '/dev/tank/new');
  assert.equal(lvm.at({ directory: '/nowhere', name: 'new', beside: web }).path, '/dev/vg/new');
  assert.deepEqual(splitLogical('/dev/mapper/my--group-my--volume'), {
    group: 'my-group',
    name: 'my-volume',
  });
  assert.throws(() => splitLogical('/dev/sda'), { code: 'CONFIG_VALUE' });
  await recorded(LVM, [['vgs*', 1]], () =>
    assert.rejects(chooseStore('lvm', place), { message: /there is no volume group "tank"/ }),
  );
});

const data: Volume = { type: 'zfs', path: 'tank/lxc/web' };
const clone: Volume = { type: 'zfs', path: 'tank/lxc/copy' };
const zfs = storeOf(data);

test('zfs: create, clone, size', async () => {
  const calls = await recorded(['zfs'], [], async () => {
    await zfs.create(data, { size: 2 ** 30 });
    await zfs.snapshotClone!(data, clone);
    await zfs.resize(clone, 2 ** 31);
    await zfs.resize(clone, 0);
    await zfs.rename(clone, data);
  });
  assert.match(calls[1] ?? '', /^zfs snapshot tank\/lxc\/web@tslxc-copy-\w+$/);
  const snapshot = calls[1]!.split(' ')[2];
  assert.deepEqual(
    [calls[0], ...calls.slice(2)],
    [
      'zfs create -p -o mountpoint=legacy -o refquota=1073741824 tank/lxc/web',
      `zfs clone -p -o mountpoint=legacy ${snapshot} tank/lxc/copy`,
      'zfs set refquota=2147483648 tank/lxc/copy',
      'zfs set refquota=none tank/lxc/copy',
      'zfs rename tank/lxc/copy tank/lxc/web',
    ],
  );
});

test('zfs: an origin goes when its clones have taken over what they share', async () => {
  let promoted = 0;
  const fake = ['zfs'];
  const calls = await recorded(
    fake,
    [
      ['zfs list*clones*', '-'],
      ['zfs get*origin*', 'tank/lxc/base@tslxc-web-1'],
    ],
    () => zfs.remove(data),
  );
  assert.deepEqual(calls, [
    'zfs list -H -o name tank/lxc/web',
    'zfs list -H -o clones -t snapshot -r tank/lxc/web',
    'zfs get -H -o value origin tank/lxc/web',
    'zfs destroy -r tank/lxc/web',
    'zfs destroy tank/lxc/base@tslxc-web-1',
  ]);
  await recorded(
    fake,
    [
      ['zfs list*clones*', 'tank/lxc/copy'],
      ['zfs promote*', 1],
    ],
    () =>
      assert.rejects(zfs.remove(data), () => {
        promoted++;
        return true;
      }),
  );
  assert.equal(promoted, 1);
});

test('zfs and rbd: where they are not there, that is said', async () => {
  const place = { directory: '/nowhere', name: 'web', options: { zfsRoot: 'tank/lxc' } };
  await recorded(['zfs'], [['zfs list*', 1]], () =>
    assert.rejects(chooseStore('zfs', place), { message: /there is no ZFS pool "tank"/ }),
  );
  const { PATH } = process.env;
  process.env.PATH = '/nonexistent';
  try {
    await assert.rejects(chooseStore('zfs', place), {
      code: 'TOOL_MISSING',
      message: 'zfs is not installed',
    });
    await assert.rejects(chooseStore('rbd', place), {
      code: 'TOOL_MISSING',
      message: 'rbd is not installed',
    });
  } finally {
    process.env.PATH = PATH;
  }
});

test('rbd: create', async () => {
  const volume: Volume = { type: 'rbd', path: '/dev/rbd/pool/web' };
  const calls = await recorded(['rbd', 'mkfs.ext4'], [['rbd info*', 1]], async () => {
    await storeOf(volume).create(volume, { size: 2 ** 30, cephUser: 'me' });
    await storeOf(volume).remove(volume);
  });
  assert.deepEqual(calls, [
    'rbd create --size 1024M pool/web --id me',
    'rbd map pool/web --id me',
    'mkfs.ext4 -q -F /dev/rbd/pool/web',
    'rbd info pool/web',
  ]);
});

test('lists: the first that works; if none does, why the first does not', async () => {
  const place = { directory: '/proc/self', name: 'web' };
  assert.equal((await chooseStore('btrfs,dir', place)).type, 'dir');
  assert.equal((await chooseStore('none', place)).type, 'dir');
  await assert.rejects(
    chooseStore('btrfs,aufs', place),
    (error: Error) =>
      /"btrfs, aufs" is not supported/.test(error.message) && /btrfs/.test((error.cause as Error).message),
  );
  assert.match(unsupportedStorage('aufs').hint ?? '', /overlay/);
  await assert.rejects(chooseStore('constructor', place), { code: 'NOT_SUPPORTED' });
});

test('quota groups of btrfs as its tool prints them', () => {
  const lines = [
    'Qgroupid    Referenced    Exclusive  Max referenced   Path ',
    '--------    ----------    ---------  --------------   ---- ',
    '0/256            16384        16384       104857600   a',
    '0/257            16384            0            none   b',
  ];
  assert.deepEqual(parseQgroups(lines, '0/256'), { size: 104857600, used: 16384 });
  assert.deepEqual(parseQgroups(lines, '0/257'), { size: undefined, used: 16384 });
  assert.deepEqual(parseQgroups(lines, '0/258'), { size: undefined, used: undefined });
});
