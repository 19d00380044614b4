import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyTree } from '../../src/storage/copy-tree.ts';
import { scratch } from './storage-scratch.ts';

const { root } = scratch();
const from = join(root, 'from');
const to = join(root, 'to');

/** All extended attributes of a file, ACLs and capabilities included, as hexadecimal. */
const READ_ATTRIBUTES = `
import os, sys
for name in sorted(os.listxattr(sys.argv[1], follow_symlinks=False)):
    print(name, os.getxattr(sys.argv[1], name, follow_symlinks=False).hex())
`;
const attributes = (path: string) =>
  execFileSync('python3', ['-c', READ_ATTRIBUTES, path], { encoding: 'utf8' });
const setAttribute = (path: string, name: string, hex: string) =>
  execFileSync('python3', [
    '-c',
    'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]), follow_symlinks=False)',
    path,
    name,
    hex,
  ]);

/** A version 2 capability set with cap_net_raw, and an access ACL that gives user 1234 read rights. */
const NET_RAW = '0100000200200000000000000000000000000000';
const ACL = '0200000001000600ffffffff02000400d204000004000400ffffffff10000400ffffffff20000400ffffffff';

test('owners, modes, times, links, holes, devices, attributes: the copy is the original', async () => {
  mkdirSync(from);
  execFileSync('sh', [
    '-euc',
    `cd "$1"
     echo text >plain; chown 1000:1001 plain; chmod 640 plain; touch -d '2001-02-03 04:05:06.789' plain
     cp /bin/true setuid; chown 5:6 setuid; chmod 6755 setuid
     cp /bin/true capable; chown 7:8 capable
     mkdir -m 1777 sticky; mkdir deep; touch -d 1999-01-01 deep
     ln plain deep-link; ln -s /etc/passwd absolute; ln -s nowhere dangling; chown -h 9:9 dangling
     touch -h -d 2002-02-02 dangling
     mknod null c 1 3; mknod loop b 7 99; chmod 666 null; mkfifo fifo
     truncate -s 8M sparse; printf end | dd of=sparse bs=1 seek=4194304 conv=notrunc status=none
     printf 'odd' >'a
b'
     python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
     echo a >attributes; echo a >acl; mkdir acl-default`,
    'sh',
    from,
  ]);
  setAttribute(join(from, 'capable'), 'security.capability', NET_RAW);
  setAttribute(join(from, 'attributes'), 'user.note', '00ff0a');
  setAttribute(join(from, 'attributes'), 'trusted.note', '01');
  setAttribute(join(from, 'acl'), 'system.posix_acl_access', ACL);
  setAttribute(join(from, 'acl-default'), 'system.posix_acl_default', ACL);
  const notices: string[] = [];
  await copyTree(from, to, { onNotice: (text) => notices.push(text) });
  assert.deepEqual(notices, ['sockets are not copied: /socket']);

  const names = execFileSync('find', ['.', '-print0'], { cwd: from, encoding: 'utf8' })
    .split('\0')
    .filter((name) => name !== '' && name !== './socket');
  assert.ok(names.length >= 17);
  for (const name of names) {
    const [a, b] = [
      lstatSync(join(from, name), { bigint: true }),
      lstatSync(join(to, name), { bigint: true }),
    ];
    for (const field of ['mode', 'uid', 'gid', 'rdev', 'mtimeNs', 'nlink'] as const)
      assert.equal(b[field], a[field], `${field} of ${name}`);
    // A directory's size is the filesystem's affair.
    if (!a.isDirectory()) assert.equal(b.size, a.size, `size of ${name}`);
    if (a.isSymbolicLink()) assert.equal(readlinkSync(join(to, name)), readlinkSync(join(from, name)));
    assert.equal(attributes(join(to, name)), attributes(join(from, name)), `attributes of ${name}`);
  }
  assert.match(attributes(join(to, 'capable')), /security\.capability/);
  assert.equal(statSync(join(to, 'plain')).ino, statSync(join(to, 'deep-link')).ino);
  assert.notEqual(statSync(join(to, 'plain')).ino, statSync(join(from, 'plain')).ino);
  assert.ok(statSync(join(to, 'sparse')).blocks * 512 < 1024 * 1024, 'holes stay holes');
  assert.throws(() => lstatSync(join(to, 'socket')), { code: 'ENOENT' });
  execFileSync('diff', [
    '-r',
    '--no-dereference',
    '--exclude=loop',
    '--exclude=null',
    '--exclude=fifo',
    '--exclude=socket',
    from,
    to,
  ]);
});

test('mounts below are not copied', async () => {
  const source = join(root, 'mounted');
  mkdirSync(join(source, 'mnt'), { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', join(source, 'mnt')]);
  try {
    mkdirSync(join(source, 'mnt/inside'));
    await copyTree(source, join(root, 'unmounted'));
  } finally {
    execFileSync('umount', [join(source, 'mnt')]);
  }
  assert.ok(lstatSync(join(root, 'unmounted/mnt')).isDirectory());
  assert.throws(() => lstatSync(join(root, 'unmounted/mnt/inside')));
});

test('a symlink in the place of the tree is refused', async () => {
  execFileSync('ln', ['-s', '/etc', join(root, 'link')]);
  await assert.rejects(copyTree(join(root, 'link'), join(root, 'stolen')), { code: 'STORAGE' });
});
