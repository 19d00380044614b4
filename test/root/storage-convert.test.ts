/** From each backing store to each other one, with all that a file can have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import { volumeOf } from '../../src/storage/rootfs-path.ts';
import { storeOf } from '../../src/storage/stores.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { loopDevices, scratchFilesystem } from './storage-table.ts';

const TYPES = ['dir', 'overlay', 'loop', 'btrfs'] as const;
/** Each pair is in it once: every store after every other one. */
const CHAIN = [
  'overlay',
  'dir',
  'loop',
  'dir',
  'btrfs',
  'overlay',
  'loop',
  'overlay',
  'btrfs',
  'loop',
  'btrfs',
  'dir',
] as const;

const filesystem = skip ? undefined : scratchFilesystem(['mkfs.btrfs', '-q']);
const host = new ContainerHost({ manual: true, ...(filesystem ? { lxcpath: filesystem.path } : {}) });
after(async () => {
  await host.dispose();
  filesystem?.remove();
});

const LISTING = `
import hashlib, os, stat, sys
root = sys.argv[1]
for path, folders, files in sorted(os.walk(root)):
    for name in sorted(folders + files):
        full = os.path.join(path, name); s = os.lstat(full)
        xattrs = [(n, os.getxattr(full, n, follow_symlinks=False).hex()) for n in sorted(os.listxattr(full, follow_symlinks=False))]
        what = os.readlink(full) if stat.S_ISLNK(s.st_mode) else hashlib.sha1(open(full, 'rb').read()).hexdigest() if stat.S_ISREG(s.st_mode) else ''
        where = os.path.relpath(full, root)
        if where in ('etc/hostname', 'lost+found'): continue
        print(where, oct(s.st_mode), s.st_uid, s.st_gid, s.st_rdev, 0 if stat.S_ISDIR(s.st_mode) else s.st_nlink, 0 if stat.S_ISDIR(s.st_mode) else s.st_mtime_ns, xattrs, what)
`;

async function listing(short: string): Promise<string> {
  const config = loadConfig(host.config(short), { name: host.name(short) });
  const volume = volumeOf(config.get('lxc.rootfs.path')!.value);
  await using mounted = await storeOf(volume).mount(volume);
  const [tool, ...args] = [...mounted.command, 'python3', '-c', LISTING, mounted.inside];
  return execFileSync(tool!, args, { encoding: 'utf8', maxBuffer: 64e6 });
}

test(`${TYPES.join(', ')}: from each to each`, { skip }, async () => {
  writeFileSync(join(host.root, 'empty.conf'), 'lxc.net.0.type = empty\n');
  await host.ok('create', ['-n', '@c0', '-t', 'busybox', '-f', join(host.root, 'empty.conf'), '-B', 'dir']);
  execFileSync('sh', [
    '-euc',
    `cd "$1/root"; echo a >plain; chown 1000:1001 plain; chmod 4751 plain; touch -d '2001-02-03 04:05:06.789' plain
     ln plain link; ln -s nowhere symlink; mkfifo fifo; mknod null c 1 3; truncate -s 4M sparse; mkdir -m 1777 sticky
     setfacl -m u:1234:r plain; setfacl -d -m u:1234:rx sticky; setfattr -n user.note -v x plain; setcap cap_net_raw+ep link`,
    'sh',
    host.rootfs('c0'),
  ]);
  const wanted = await listing('c0');
  assert.match(wanted, /security\.capability.*user\.note/);
  const seen = new Set<string>();
  let before = 'dir';
  for (const [i, type] of CHAIN.entries()) {
    const to = `c${i + 1}`;
    await host.ok('copy', ['-n', `@c${i}`, '-N', host.name(to), '-B', type]);
    assert.match(readFileSync(host.config(to), 'utf8'), new RegExp(`^lxc\\.rootfs\\.path = ${type}:`, 'm'));
    assert.equal(await listing(to), wanted, `${before} to ${type}`);
    await host.ok('destroy', ['-n', `@c${i}`]);
    seen.add(`${before} ${type}`);
    before = type;
  }
  assert.equal(seen.size, TYPES.length * (TYPES.length - 1));
  await host.ok('start', ['-n', `@c${CHAIN.length}`]);
  assert.equal(await host.inside(`c${CHAIN.length}`, 'stat -c "%u %g %h" /root/plain'), '1000 1001 2');
  await host.kill(`c${CHAIN.length}`);
  assert.deepEqual(loopDevices(host.lxcpath), []);
});
