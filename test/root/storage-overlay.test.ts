/** Containers on overlays: made, started with and without a map, and what is on the disk afterwards. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { storageTable } from './storage-table.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

const MAP = `lxc.include = /usr/share/tslxc/config/userns.conf
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536`;

/** Makes a container whose root filesystem has become the lowest of some layers. */
async function layered(short: string, config = '', more = 0): Promise<{ directory: string; upper: string }> {
  await busybox.make(short);
  const directory = join(host.lxcpath, host.name(short));
  renameSync(join(directory, 'rootfs'), join(directory, 'base'));
  const above = Array.from({ length: more }, (_, i) => join(directory, `layer${i}`));
  for (const [i, layer] of above.entries()) {
    mkdirSync(join(layer, 'layers'), { recursive: true });
    execFileSync('sh', ['-c', `echo ${i} >layers/${i}; echo ${i} >layers/top`], { cwd: layer });
  }
  const upper = join(directory, 'overlay/delta');
  mkdirSync(upper, { recursive: true });
  const path = [...above.toReversed(), join(directory, 'base'), upper].join(':');
  busybox.reconfigure(short, `lxc.rootfs.path = overlay:${path}\n${config}`);
  return { directory, upper };
}

test('made by tslxc-create, written to, destroyed', { skip }, async () => {
  const config = join(host.root, 'no-network.conf');
  writeFileSync(config, 'lxc.net.0.type = empty\n');
  await host.ok('create', ['-n', '@made', '-t', 'busybox', '-B', 'overlay', '-f', config]);
  const directory = join(host.lxcpath, host.name('made'));
  assert.match(
    readFileSync(join(directory, 'config'), 'utf8'),
    new RegExp(`^lxc.rootfs.path = overlay:${directory}/rootfs:${directory}/overlay/delta$`, 'm'),
  );
  await host.ok('start', ['-n', '@made']);
  await host.inside('made', 'echo new >/root/new; rm /etc/group; mkdir /etc/group');
  await host.kill('made');
  assert.equal(readFileSync(join(directory, 'overlay/delta/root/new'), 'utf8'), 'new\n');
  assert.ok(!existsSync(join(directory, 'rootfs/root/new')));
  assert.ok(lstatSync(join(directory, 'rootfs/etc/group')).isFile());
  await host.ok('destroy', ['-n', '@made']);
  assert.ok(!existsSync(directory));
});

test('with a map: owners on the disk are those of no map, and the same files start without it', {
  skip,
}, async () => {
  const { upper } = await layered('mapped', MAP, 2);
  await host.ok('start', ['-n', '@mapped']);
  assert.equal(
    await host.inside('mapped', 'cat /layers/top /layers/0; stat -c %u /layers/top /'),
    '1\n0\n0\n0',
  );
  await host.inside(
    'mapped',
    'touch /root/by-root; touch /tmp/by-user; chown 1000:1001 /tmp/by-user; echo more >>/etc/group; rm -r /layers; mkdir /layers',
  );
  await host.kill('mapped');
  const owner = (path: string) => [statSync(join(upper, path)).uid, statSync(join(upper, path)).gid];
  assert.deepEqual(owner('root/by-root'), [0, 0]);
  assert.deepEqual(owner('tmp/by-user'), [1000, 1001]);
  assert.deepEqual(owner('etc/group'), [0, 0]);
  assert.match(
    execFileSync('getfattr', ['-d', '-m', '-', join(upper, 'layers')], { encoding: 'utf8' }),
    /trusted\.overlay\.opaque/,
  );
  const config = readFileSync(host.config('mapped'), 'utf8');
  busybox.reconfigure('mapped', config.match(/^lxc.rootfs.path = overlay.*$/m)![0]);
  await host.ok('start', ['-n', '@mapped']);
  assert.equal(
    await host.inside(
      'mapped',
      'stat -c "%u %g" /root/by-root /tmp/by-user; ls /layers; grep -c more /etc/group',
    ),
    '0 0\n1000 1001\n1',
  );
  await host.kill('mapped');
});

test('sixty layers, with options', { skip }, async () => {
  await layered('many', 'lxc.rootfs.options = noatime,metacopy=on', 60);
  await host.ok('start', ['-n', '@many']);
  assert.equal(await host.inside('many', 'cat /layers/top; ls /layers | wc -l'), '59\n61');
  assert.match(await host.inside('many', "grep ' / overlay ' /proc/mounts"), /noatime.*metacopy=on/);
  await host.kill('many');
});

test('a missing layer gives an error with the line', { skip }, async () => {
  const { directory } = await layered('gone', '', 1);
  rmSync(join(directory, 'layer0'), { recursive: true });
  const { code, stderr } = await host.tslxc('start', ['-n', '@gone']);
  assert.notEqual(code, 0);
  assert.match(stderr, /layer0 is missing/);
  assert.match(stderr, /config:\d+/);
});

storageTable({
  type: 'overlay',
  path: 'overlay:DIR/rootfs:DIR/overlay/delta',
  shares: true,
  quota: /keeps no project quota/,
});
