/** Containers on logical volumes, thick and thin, of a volume group on a loop device. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { skip as notRoot } from './harness/container-host.ts';
import { storageTable } from './storage-table.ts';

/** LXC's, as copies to LVM go to the group and pool of the system file. */
const GROUP = 'lxc';
const POOL = 'lxc';

const lacking =
  !/ device-mapper$/m.test(readFileSync('/proc/devices', 'utf8')) &&
  'the kernel of this host has no device mapper: npm run test:vm -- storage-lvm';
const skip = notRoot || lacking;

const sh = (script: string) => execFileSync('sh', ['-ec', script], { encoding: 'utf8' }).trim();
const volumes = () =>
  sh(`lvs --noheadings -o lv_name ${GROUP}`)
    .split('\n')
    .map((line) => line.trim())
    .filter((name) => name !== '' && name !== POOL);

if (!skip) {
  const place = mkdtempSync('/var/tmp/tslxc-lvm-');
  const image = join(place, 'image');
  const device = sh(`truncate -s 4G ${image}; losetup -f --show ${image}`);
  sh(`vgcreate -q ${GROUP} ${device}`);
  after(() => {
    sh(`vgremove -qff ${GROUP}; losetup -d ${device}`);
    rmSync(place, { recursive: true });
  });
}

const row = {
  type: 'lvm',
  lacking,
  options: ['--fssize', '100M'],
  path: `lvm:/dev/${GROUP}/NAME`,
  shares: true,
  quota: ['--fssize', '48M'],
  left: volumes,
} as const;

const thick = storageTable({ ...row, title: 'lvm, thick' });

test('a thick origin is not removed while a snapshot stands on it', { skip }, async () => {
  await thick.ok('create', ['-n', '@o', '-t', 'none', '-B', 'lvm', '--fssize', '48M', '-f', '/dev/null']);
  await thick.ok('copy', ['-n', '@o', '-N', thick.name('s'), '-s', '-K']);
  const { code, stderr } = await thick.tslxc('destroy', ['-n', '@o']);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`needed by ${thick.name('s')}`));
  for (const short of ['s', 'o']) await thick.ok('destroy', ['-n', `@${short}`]);
  assert.deepEqual(volumes(), []);
});

test('the thin pool is made', { skip }, () => {
  sh(`lvcreate -q -y --type thin-pool -L 2G -n ${POOL} ${GROUP}`);
});

storageTable({ ...row, title: 'lvm, thin' });

test('xfs on thin volumes: both ends of a clone run at once', { skip }, async () => {
  const made = ['-t', 'busybox', '-f', '/dev/null', '-B', 'lvm', '--fstype', 'xfs', '--fssize', '400M'];
  await thick.ok('create', ['-n', '@x', ...made]);
  await thick.ok('copy', ['-n', '@x', '-N', thick.name('y'), '-s']);
  for (const short of ['x', 'y']) await thick.ok('start', ['-n', `@${short}`]);
  for (const short of ['x', 'y']) assert.match(await thick.inside(short, "grep ' / ' /proc/mounts"), / xfs /);
  for (const short of ['x', 'y']) await thick.kill(short);
  for (const short of ['x', 'y']) await thick.ok('destroy', ['-n', `@${short}`]);
  assert.deepEqual(volumes(), []);
});
