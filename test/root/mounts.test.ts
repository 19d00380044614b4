/** What is mounted in a container and how: lxc.mount.auto, entries and their options, rootfs.options. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { mountsOf } from './harness/leftovers.ts';
import { parseMountinfo } from './harness/mountinfo.ts';
import { sh } from './harness/run-command.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const source = join(host.root, 'source');
const INIT = ['--', '/bin/sleep', '1000'];

before(() => {
  if (skip) return;
  mkdirSync(join(source, 'sub'), { recursive: true });
  writeFileSync(join(source, 'file'), 'of the host\n');
});

let number = 0;
const current = () => `m${number - 1}`;
async function started(config: string): Promise<(command: string) => Promise<string>> {
  const name = `m${number++}`;
  await busybox.start(name, config, INIT);
  return (command) => host.inside(name, command);
}

test('the cgroups of a container end at its own', { skip }, async () => {
  await busybox.start(
    'cg',
    'lxc.mount.auto =\nlxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force',
    INIT,
  );
  const cgroups = (await host.inside('cg', 'cut -d: -f3 /proc/1/cgroup')).split('\n');
  assert.ok(
    cgroups.every((path) => path === '/'),
    cgroups.join(' '),
  );
  const seen = await host.inside('cg', 'find /sys/fs/cgroup -maxdepth 3 -type d 2>/dev/null');
  assert.ok(!seen.includes('tslxc.payload'), 'other containers are not seen');
  assert.equal(
    await host.inside('cg', 'grep -c " /sys/fs/cgroup" /proc/mounts | grep -vx 0 >/dev/null && echo mounted'),
    'mounted',
  );
});

test('mount.entry: bind, read-only, create=dir and create=file', { skip }, async () => {
  covers('lxc.mount.entry');
  const inside = await started(
    [
      `lxc.mount.entry = ${source} srv/rw none bind,create=dir 0 0`,
      `lxc.mount.entry = ${source} srv/ro none bind,ro,create=dir 0 0`,
      `lxc.mount.entry = ${source}/file etc/deep/er/file none bind,create=file 0 0`,
      'lxc.mount.entry = tmpfs srv/tmp tmpfs size=64k,mode=700,create=dir 0 0',
    ].join('\n'),
  );
  assert.equal(
    await inside('cat /srv/rw/file /srv/ro/file /etc/deep/er/file'),
    'of the host\n'.repeat(3).trim(),
  );
  await inside('touch /srv/rw/new');
  assert.ok(existsSync(join(source, 'new')));
  assert.match(await inside('touch /srv/ro/new2 2>&1 || true'), /Read-only/);
  assert.match(await inside('grep " /srv/tmp " /proc/mounts'), /size=64k,mode=700/);
  await host.kill(current());
  assert.deepEqual(readdirSync(host.rootfs(current())).includes('srv'), true);
  assert.deepEqual(
    readdirSync(join(host.rootfs(current()), 'srv/rw')),
    [],
    'nothing was mounted on the host',
  );
});

test('mount.entry: optional ones are passed over, others are an error with file and line', {
  skip,
}, async () => {
  const inside = await started(
    [
      'lxc.mount.entry = /no/such/source srv none bind,optional 0 0',
      `lxc.mount.entry = ${source} no/such/target none bind,optional 0 0`,
      'lxc.mount.entry = x mnt nosuchfs optional 0 0',
    ].join('\n'),
  );
  assert.equal(await inside('echo fine'), 'fine');
  await host.kill(current());
  const faults: Record<string, [string, RegExp]> = {
    nosource: ['lxc.mount.entry = /no/such/source srv none bind 0 0', /\/no\/such\/source/],
    notarget: [`lxc.mount.entry = ${source} no/such/target none bind 0 0`, /no\/such\/target/],
    nofs: ['lxc.mount.entry = x mnt nosuchfs defaults 0 0', /nosuchfs/],
    nofields: ['lxc.mount.entry = justone', /mount\.entry/],
  };
  for (const [name, [config, message]] of Object.entries(faults)) {
    await busybox.make(name, config);
    const line = readFileSync(host.config(name), 'utf8').split('\n').indexOf(config) + 1;
    const { code, stderr } = await host.tslxc('start', ['-n', `@${name}`]);
    assert.equal(code, 1, name);
    assert.match(stderr, message);
    assert.ok(stderr.includes(`${name}/config:${line}:`), stderr);
    await host.assertNothingLeft();
  }
});

test('mount.fstab: the same in a file, with its own lines in errors', { skip }, async () => {
  covers('lxc.mount.fstab');
  const fstab = join(host.root, 'fstab');
  writeFileSync(fstab, `# comment\n\n${source} mnt none bind 0 0\n`);
  const inside = await started(`lxc.mount.fstab = ${fstab}`);
  assert.equal(await inside('cat /mnt/file'), 'of the host');
  writeFileSync(fstab, '# comment\n\n/no/such mnt none bind 0 0\n');
  await busybox.make('badfstab', `lxc.mount.fstab = ${fstab}`);
  const { code, stderr } = await host.tslxc('start', ['-n', '@badfstab']);
  assert.equal(code, 1);
  assert.ok(stderr.includes(`${fstab}:3:`), stderr);
});

test('only rbind takes the mounts below along', { skip }, async () => {
  const { sh } = await import('./harness/run-command.ts');
  await sh(`mount -t tmpfs tmpfs ${source}/sub && touch ${source}/sub/mounted`);
  try {
    const inside = await started(
      `lxc.mount.entry = ${source} mnt none bind 0 0\nlxc.mount.entry = ${source} srv none rbind 0 0`,
    );
    assert.equal(await inside('ls /mnt/sub | wc -l; ls /srv/sub'), '0\nmounted');
    // And what happens to mounts inside stays inside.
    await inside('umount /srv/sub');
    assert.ok(existsSync(join(source, 'sub/mounted')));
  } finally {
    await host.kill(current());
    await sh(`umount ${source}/sub`);
  }
});

test('a target that is a symlink is resolved inside the root filesystem only', { skip }, async () => {
  const outside = join(host.root, 'outside');
  mkdirSync(outside);
  await busybox.make(
    'links',
    `lxc.mount.entry = ${source} link none bind 0 0\nlxc.mount.entry = ${source} up/a none bind,create=dir 0 0`,
  );
  const rootfs = host.rootfs('links');
  symlinkSync(outside, join(rootfs, 'link'));
  symlinkSync('../../../../../../../../../..', join(rootfs, 'up'));
  const refused = await host.tslxc('start', ['-n', '@links', ...INIT]);
  assert.equal(refused.code, 1, 'inside there is no such directory');
  assert.deepEqual(readdirSync(outside), []);
  mkdirSync(join(rootfs, outside), { recursive: true });
  await host.ok('start', ['-n', '@links', ...INIT]);
  assert.equal(await host.inside('links', `cat ${outside}/file; cat /a/file`), 'of the host\nof the host');
  assert.deepEqual(readdirSync(outside), [], 'the host has not been touched');
  assert.equal(existsSync('/a'), false);
});

test('create= makes what a symlink that leads nowhere names, inside the root filesystem', {
  skip,
}, async () => {
  const file = `${source}/file`;
  const entries = [
    `lxc.mount.entry = ${file} etc/resolver none bind,create=file,ro 0 0`,
    `lxc.mount.entry = ${file} etc/absolute none bind,create=file 0 0`,
    `lxc.mount.entry = ${source} srv/data none bind,create=dir 0 0`,
    `lxc.mount.entry = ${file} srv/out/file none bind,create=file 0 0`,
  ];
  await busybox.make('dangling', entries.join('\n'));
  const rootfs = host.rootfs('dangling');
  mkdirSync(join(rootfs, 'srv'), { recursive: true });
  const outside = join(host.root, 'not-there');
  for (const [link, target] of [
    ['etc/resolver', '../run/systemd/resolve/stub-resolv.conf'],
    ['etc/absolute', '/run/chain'],
    ['run/chain', 'chained/end'],
    ['srv/data', '../../../../var/data'],
    ['srv/out', outside],
  ] as const)
    symlinkSync(target, join(rootfs, link));
  await host.ok('start', ['-n', '@dangling', ...INIT]);
  const read =
    'cat /etc/resolver /run/systemd/resolve/stub-resolv.conf /run/chained/end /srv/data/file /var/data/file';
  assert.equal(await host.inside('dangling', read), 'of the host\n'.repeat(5).trim());
  assert.equal(await host.inside('dangling', `cat ${outside}/file`), 'of the host');
  assert.equal(existsSync(outside), false, 'nothing is made on the host');
  assert.equal(existsSync('/var/data'), false);
});

test('a target that is not there, a symlink that leads nowhere and a read-only mount are named', {
  skip,
}, async () => {
  await busybox.make('where');
  const rootfs = host.rootfs('where');
  symlinkSync('/run/nowhere', join(rootfs, 'etc/link'));
  mkdirSync(join(rootfs, 'srv/ro'), { recursive: true });
  const entry = (from: string, target: string, options = '') =>
    `lxc.mount.entry = ${from} ${target} none bind${options} 0 0`;
  for (const [lines, message] of [
    [[entry(`${source}/file`, 'etc/link')], /\/etc\/link is a symlink to \/run\/nowhere, which is not/],
    [[entry(`${source}/file`, 'etc/none')], /\/etc\/none is not in the container[\s\S]*make \/etc\/none in/],
    [
      [entry(source, 'srv/ro', ',ro'), entry(source, 'srv/ro/deep', ',create=dir')],
      /config:\d+: mount [\s\S]*source is mounted read-only on \/srv\/ro \(.*config:\d+\): make \S+source\/deep on/,
    ],
  ] as const) {
    busybox.reconfigure('where', lines.join('\n'));
    const { code, stderr } = await host.tslxc('start', ['-n', '@where', ...INIT]);
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
});

test('rootfs.options = ro', { skip }, async () => {
  covers('lxc.rootfs.options');
  await busybox.make('ro', 'lxc.rootfs.options = ro');
  await host.ok('start', ['-n', '@ro', ...INIT]);
  assert.match(await host.inside('ro', 'touch /etc/x 2>&1 || true'), /Read-only/);
  assert.match(await host.inside('ro', 'mount -o remount,rw / 2>&1; touch /dev/shm/x && echo dev'), /dev$/);
  await host.kill('ro');
  writeFileSync(join(host.rootfs('ro'), 'etc/x'), 'the host may still write');
  rmSync(join(host.rootfs('ro'), 'etc/x'));
});

test('mounts in a container do not reach the host, nor unmounted ones the container', {
  skip,
}, async () => {
  const before = readFileSync('/proc/self/mounts', 'utf8');
  const inside = await started('lxc.mount.entry = tmpfs mnt tmpfs defaults 0 0');
  await inside('mount -t tmpfs more /srv');
  assert.equal(readFileSync('/proc/self/mounts', 'utf8').includes(host.root), before.includes(host.root));
  // The whole of the host's tree is gone in there: no mount whose root is the host's.
  const roots = (await inside('cat /proc/1/mountinfo'))
    .split('\n')
    .map((line) => line.split(' ').slice(3, 5));
  for (const [, point] of roots)
    assert.ok(!point!.includes('old') && !point!.includes('pivot'), String(point));
});

test('a mount of the host that comes and goes reaches no container', { skip }, async () => {
  const { sh } = await import('./harness/run-command.ts');
  await sh(`mount -t tmpfs tmpfs ${source} && mount --make-shared ${source} && mkdir ${source}/x`);
  try {
    const inside = await started(`lxc.mount.entry = ${source} mnt none rbind 0 0`);
    await inside('mount -t tmpfs inner /mnt/x');
    assert.ok(
      !readFileSync('/proc/self/mounts', 'utf8').includes('inner '),
      "the container's mount reached the host",
    );
  } finally {
    await host.kill(current());
    await sh(`umount -R ${source}`);
  }
});

test('mounts inside are shared as in LXC, and nothing reaches the host', { skip }, async () => {
  const source = join(host.root, 'shared-source');
  mkdirSync(source);
  // A mount of the host's that is shared: a peer of it in the container would take mounts back to it.
  await sh(`mount -t tmpfs tmpfs ${source} && mount --make-shared ${source} && mkdir ${source}/below`);
  try {
    for (const [name, config] of [
      ['sharing', ''],
      ['sharingmap', 'lxc.include = /usr/share/tslxc/config/userns.conf\nlxc.idmap = b 0 100000 65536'],
    ] as const) {
      await busybox.start(
        name,
        `${config}\nlxc.mount.entry = ${source} mnt none rbind,create=dir\nlxc.mount.entry = tmpfs opt tmpfs private,create=dir`,
        ['--', '/bin/sleep', '1000'],
      );
      const text = await host.inside(
        name,
        'mount -t tmpfs t /mnt/below && mount -t tmpfs t /tmp && cat /proc/self/mountinfo',
      );
      const inside = parseMountinfo(text);
      for (const path of ['/', '/proc', '/mnt', '/mnt/below', '/tmp'])
        assert.ok(inside.get(path)?.propagation.includes('shared'), `${path}: ${text}`);
      assert.deepEqual(inside.get('/opt')?.propagation, []);
      assert.equal(mountsOf(`${source}/below`).length, 0, 'a mount of the container is on the host');
    }
  } finally {
    await sh(`umount -R ${source}`);
  }
});
