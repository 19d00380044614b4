/** tslxc-copy with real containers. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

const MAP = `lxc.include = /usr/share/tslxc/config/userns.conf
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536`;
const MAC = '00:16:3e:11:22:33';

const directory = (short: string) => join(host.lxcpath, host.name(short));
const config = (short: string) => readFileSync(host.config(short), 'utf8');
const line = (short: string, key: string) =>
  new RegExp(`^${key.replaceAll('.', '\\.')} *= *(.*)$`, 'm').exec(config(short))?.[1];
const isThere = (short: string) => existsSync(directory(short));
/** All containers, with nothing hidden beside them but layers. */
const names = () =>
  readdirSync(host.lxcpath)
    .filter((name) => !name.startsWith('.'))
    .map((name) => name.replace(`${host.mark}-`, ''))
    .sort();

async function refused(args: readonly string[], message: RegExp, code = 1): Promise<void> {
  const before = names();
  const result = await host.tslxc('copy', args);
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, message);
  assert.deepEqual(names(), before);
}

test('a copy has a name, addresses, paths and files of its own, and runs', { skip }, async () => {
  covers('lxc.hook.clone', 'lxc.rootfs.path');
  await busybox.make('web', `lxc.net.0.hwaddr = ${MAC}`);
  const hooks = join(directory('web'), 'hooks');
  mkdirSync(hooks);
  writeFileSync(
    join(hooks, 'clone'),
    `#!/bin/sh
printf '%s\\n' "$@" "$LXC_SRC_NAME" "$LXC_NAME" "$LXC_ROOTFS_PATH" >"$LXC_ROOTFS_MOUNT/cloned"
`,
  );
  chmodSync(join(hooks, 'clone'), 0o755);
  appendFileSync(host.config('web'), `lxc.hook.clone = ${hooks}/clone\n`);
  writeFileSync(join(host.rootfs('web'), 'etc/hostname'), 'web\n');
  assert.equal(await host.ok('copy', ['-n', '@web', '-N', '@web2', '--', 'one', 'two words']), '');

  const full = host.name('web2');
  assert.equal(line('web2', 'lxc.rootfs.path'), `dir:${directory('web2')}/rootfs`);
  assert.equal(line('web2', 'lxc.uts.name'), full);
  assert.match(line('web2', 'lxc.net.0.hwaddr')!, /^00:16:3e:(?!11:22:33)/);
  assert.equal(line('web2', 'lxc.hook.clone'), `${directory('web2')}/hooks/clone`);
  assert.equal(lstatSync(join(directory('web2'), 'hooks/clone')).mode & 0o777, 0o755);
  assert.equal(readFileSync(join(host.rootfs('web2'), 'etc/hostname'), 'utf8'), `${full}\n`);
  assert.deepEqual(
    readFileSync(join(host.rootfs('web2'), 'cloned'), 'utf8')
      .split('\n')
      .slice(-5),
    ['two words', host.name('web'), full, `dir:${directory('web2')}/rootfs`, ''],
  );
  assert.equal(lstatSync(directory('web2')).mode & 0o777, 0o700);
  assert.ok(!existsSync(join(host.rootfs('web'), 'cloned')));

  await host.ok('copy', ['-n', '@web', '-N', '@web3', '-K', '-M', '-p', join(host.root, 'other')]);
  const kept = readFileSync(join(host.root, 'other', host.name('web3'), 'config'), 'utf8');
  assert.ok(kept.includes('lxc.uts.name = web\n') && kept.includes(MAC));
  assert.ok(kept.includes(`lxc.rootfs.path = dir:${host.root}/other/${host.name('web3')}/rootfs\n`));

  await host.ok('start', ['-n', '@web2']);
  assert.equal(await host.inside('web2', 'hostname'), full);
  await host.kill('web2');
});

test('clones with -s share, write for themselves, and outlive their original', { skip }, async () => {
  await busybox.make('base1', 'lxc.idmap =');
  await host.ok('copy', ['-n', '@base1', '-N', '@s1', '-s']);
  await host.ok('copy', ['-n', '@s1', '-N', '@s2', '-s']);
  for (const short of ['base1', 's1', 's2']) await host.ok('start', ['-n', `@${short}`]);
  for (const short of ['base1', 's1', 's2'])
    await host.inside(short, `echo ${short} >/root/mine; rm /etc/group`);
  for (const short of ['base1', 's1', 's2'])
    assert.equal(await host.inside(short, 'cat /root/mine; ls /etc/group 2>&1 | grep -c No'), `${short}\n1`);
  await host.ok('destroy', ['-n', '@base1', '-f']);
  assert.equal(await host.inside('s2', 'hostname; ls /bin | grep -cx busybox'), `${host.name('s2')}\n1`);
  await host.kill('s1');
  await host.ok('copy', ['-n', '@s1', '--flatten']);
  assert.equal(line('s1', 'lxc.rootfs.path'), `dir:${host.rootfs('s1')}`);
  assert.equal(readFileSync(join(host.rootfs('s1'), 'root/mine'), 'utf8'), 's1\n');
  assert.ok(!existsSync(join(host.rootfs('s1'), 'etc/group')));
  await host.ok('start', ['-n', '@s1']);
  assert.equal(await host.inside('s1', 'cat /root/mine'), 's1');
  for (const short of ['s1', 's2']) await host.ok('destroy', ['-n', `@${short}`, '-f']);
  assert.deepEqual(
    readdirSync(join(host.lxcpath, '.layers')).filter((entry) => /^[0-9a-f]{16}$/.test(entry)),
    [],
  );
});

test('mapped and privileged containers copy alike, and share layers', { skip }, async () => {
  await busybox.make('mapped', MAP);
  await host.ok('copy', ['-n', '@mapped', '-N', '@m1', '-s']);
  await host.ok('copy', ['-n', '@mapped', '-N', '@m2']);
  for (const short of ['mapped', 'm1', 'm2']) {
    await host.ok('start', ['-n', `@${short}`]);
    const inside = await host.inside(
      short,
      'echo x >/root/new; stat -c %u /root/new /bin/busybox; cat /proc/self/uid_map',
    );
    assert.match(inside, /^0\n0\n\s+0\s+100000\s+65536$/);
    await host.kill(short);
  }
  assert.equal(lstatSync(join(directory('m1'), 'overlay/delta/root/new')).uid, 0);
  const memory = ['-n', '@mapped', '-e', '-t', '-N', '@m3', '--', 'sh', '-c'];
  const inMemory = await host.ok('copy', [...memory, 'echo x >/root/new; stat -c %u /root/new /root']);
  assert.ok(inMemory.endsWith('\n0\n0\n'), inMemory);
  for (const short of ['mapped', 'm1', 'm2']) await host.ok('destroy', ['-n', `@${short}`]);
});

test('renamed with its snapshots', { skip }, async () => {
  await busybox.make('old');
  await host.ok('snapshot', ['-n', '@old']);
  await host.ok('copy', ['-n', '@old', '-N', '@new', '-R']);
  assert.ok(!isThere('old'));
  assert.equal(line('new', 'lxc.uts.name'), host.name('new'));
  await host.ok('start', ['-n', '@new']);
  assert.equal(await host.inside('new', 'hostname'), host.name('new'));
  await refused(['-n', '@new', '-N', '@newer', '-R'], /it is running/);
  await host.kill('new');
  await host.ok('snapshot', ['-n', '@new', '-r', 'snap0', '-N', host.name('back')]);
  await host.ok('start', ['-n', '@back']);
  assert.equal(await host.inside('back', 'hostname'), host.name('back'));
  for (const short of ['new', 'back']) await host.ok('destroy', ['-n', `@${short}`, '-f', '-s']);
});

test('a running container is copied on request only', { skip }, async () => {
  await busybox.start('run');
  await host.inside('run', 'echo now >/root/now');
  await refused(['-n', '@run', '-N', '@no'], /it is running/);
  await refused(['-n', '@run', '-N', '@no', '-s'], /it is running/);
  await refused(['-n', '@run', '-e'], /it is running/);
  const shared = await host.tslxc('copy', ['-n', '@run', '-N', '@yes', '-a', '-s']);
  assert.equal(shared.code, 0);
  assert.match(shared.stderr, /shares nothing/);
  assert.equal(line('yes', 'lxc.rootfs.path'), `dir:${host.rootfs('yes')}`);
  assert.equal(readFileSync(join(host.rootfs('yes'), 'root/now'), 'utf8'), 'now\n');
  assert.deepEqual(readdirSync(join(host.rootfs('yes'), 'proc')), []);
  const out = await host.tslxc('copy', ['-n', '@run', '-N', '@eph', '-a', '-e', '--', 'cat', '/root/now']);
  assert.deepEqual([out.code, out.stdout.includes('now\n')], [0, true], out.stderr);
  assert.ok(!isThere('eph'));
  assert.equal(await host.state('run'), 'RUNNING');
  await host.kill('run');
  for (const short of ['run', 'yes']) await host.ok('destroy', ['-n', `@${short}`]);
});

test('wrong use is told, and nothing is made', { skip }, async () => {
  await busybox.base();
  await refused(['-n', '@base'], /-N/);
  await refused(['-n', '@nobody', '-N', '@x'], /there is no such container/);
  await refused(['-n', '@base', '-N', '@base'], /name of the original/);
  await refused(['-n', '@base', '-N', '@web'], /already exists/);
  await refused(['-n', '@base', '-N', 'a/b'], /a\/b/);
  await refused(['-n', '@base', '-N', '@x', '-B', 'aufs'], /overlay/);
  await refused(['-n', '@base', '-N', '@x', '-B', 'nonsense'], /not supported/);
  await refused(['-n', '@base', '-N', '@x', '-D'], /needs '-e'/);
  await refused(['-n', '@base', '-e', '-m', 'bind=/nowhere'], /does not exist/);
});

test('a root filesystem that is not the container’s to copy', { skip }, async () => {
  covers('lxc.rootfs.managed');
  await busybox.make('foreign', 'lxc.rootfs.managed = 0');
  await refused(['-n', '@foreign', '-N', '@x'], /config:\d+: its root filesystem is not managed|not managed/);
  const destroyed = await host.tslxc('destroy', ['-n', '@foreign']);
  assert.deepEqual([destroyed.code, isThere('foreign')], [1, true]);
});

test('-B overlay, and back', { skip }, async () => {
  await busybox.make('plain');
  // LXC's old name of the store, as OpenStack-Ansible writes it.
  await host.ok('copy', ['-s', '-n', '@plain', '-N', '@named', '-B', 'overlayfs']);
  assert.match(line('named', 'lxc.rootfs.path')!, /^overlay:/);
  await host.ok('destroy', ['-n', '@named']);
  await host.ok('copy', ['-n', '@plain', '-N', '@over', '-B', 'overlay']);
  assert.equal(
    line('over', 'lxc.rootfs.path'),
    `overlay:${host.rootfs('over')}:${directory('over')}/overlay/delta`,
  );
  await host.ok('start', ['-n', '@over']);
  await host.inside('over', 'echo 1 >/root/one');
  await host.kill('over');
  await host.ok('copy', ['-n', '@over', '-N', '@dir', '-B', 'dir']);
  assert.equal(readFileSync(join(host.rootfs('dir'), 'root/one'), 'utf8'), '1\n');
  for (const short of ['plain', 'over', 'dir']) await host.ok('destroy', ['-n', `@${short}`]);
});

test('ephemeral: in the background until it stops, but not when it reboots', { skip }, async () => {
  await busybox.make('o');
  const said = await host.ok('copy', ['-n', '@o', '-e', '-N', '@e1']);
  assert.equal(said, `Created ${host.name('e1')} as clone of ${host.name('o')}\n`);
  assert.equal(line('e1', 'lxc.ephemeral'), '1');
  const pid = await host.initPid('e1');
  await host.inside('e1', 'echo x >/root/x');
  await host.ok('stop', ['-n', '@e1', '-r']);
  await eventually('it has another init', async () => {
    const now = await host.tslxc('info', ['-n', '@e1', '-p', '-H']);
    return now.code === 0 && /^\d+$/.test(now.stdout.trim()) && Number(now.stdout) !== pid;
  });
  assert.equal(await host.inside('e1', 'cat /root/x'), 'x');
  await host.kill('e1');
  await eventually('it is gone', () => !isThere('e1'));
  assert.equal(readFileSync(host.config('o'), 'utf8').includes('ephemeral'), false);

  const random = await host.ok('copy', ['-n', '@o', '-e', '-d']);
  const name = /^Created (\S+_[A-Za-z0-9]{6}) as clone of/.exec(random)![1]!;
  await host.ok('stop', ['-n', name, '-k']);
  await eventually('it is gone', () => !existsSync(join(host.lxcpath, name)));
});

test('ephemeral: a command in it, its output, its status; kept with -D', { skip }, async () => {
  const run = await host.tslxc(
    'copy',
    ['-n', '@o', '-e', '-N', '@e2', '--', 'sh', '-c', 'cat; hostname; exit 3'],
    {
      input: 'typed\n',
    },
  );
  assert.equal(run.code, 3, run.stderr);
  assert.ok(run.stdout.endsWith(`typed\n${host.name('e2')}\n`), run.stdout);
  assert.ok(!isThere('e2'));

  await host.ok('copy', ['-n', '@o', '-e', '-D', '-N', '@e3', '--', 'sh', '-c', 'echo kept >/root/kept']);
  assert.equal(await host.state('e3'), 'STOPPED');
  assert.equal(line('e3', 'lxc.ephemeral'), undefined);
  await host.ok('start', ['-n', '@e3']);
  assert.equal(await host.inside('e3', 'cat /root/kept'), 'kept');
  await host.ok('destroy', ['-n', '@e3', '-f']);
});

test('several at once', { skip }, async () => {
  const runs = await Promise.all(
    ['p1', 'p2', 'p3'].map((short) =>
      host.tslxc('copy', ['-n', '@o', '-e', '-N', `@${short}`, '--', 'hostname']),
    ),
  );
  for (const { code, stdout, stderr } of runs)
    assert.deepEqual([code, /\np\d|-p\d\n$/.test(stdout)], [0, true], stderr);
  assert.deepEqual(
    names().filter((name) => /^p\d/.test(name)),
    [],
  );
});

test('ephemeral: in the foreground', { skip }, async () => {
  const terminal = host.terminal('copy', ['-n', '@o', '-e', '-F', '-N', '@e4']);
  await terminal.until('Created');
  await terminal.until('login: ');
  await host.ok('stop', ['-n', '@e4', '-k']);
  await terminal.ended;
  await eventually('it is gone', () => !isThere('e4'));
});

test('ephemeral: mounts, and writes in memory', { skip }, async () => {
  covers('lxc.rootfs.volatile');
  const shared = join(host.root, 'shared');
  const below = join(host.root, 'below');
  for (const path of [shared, below]) mkdirSync(path);
  writeFileSync(join(shared, 'hello'), 'hello\n');
  writeFileSync(join(below, 'low'), 'low\n');
  const mounts = [`bind=${shared}:/srv/ro:ro,overlay=${below}:/srv/over`, `bind=${shared}:/srv/rw`];
  await host.ok('copy', ['-n', '@o', '-e', '-t', '-N', '@e5', ...mounts.flatMap((m) => ['-m', m])]);
  assert.equal(line('e5', 'lxc.rootfs.volatile'), '1');
  assert.equal(await host.inside('e5', 'cat /srv/ro/hello /srv/over/low'), 'hello\nlow');
  assert.match(await host.inside('e5', 'touch /srv/ro/x 2>&1; echo $?'), /Read-only.*\n1$/);
  await host.inside('e5', 'echo 1 >/srv/over/high; echo 1 >/srv/rw/from-inside; echo 1 >/root/memory');
  assert.deepEqual(readdirSync(below), ['low']);
  assert.deepEqual(readdirSync(shared).sort(), ['from-inside', 'hello']);
  const written = readdirSync(directory('e5'), { recursive: true }) as string[];
  assert.ok(!written.some((path) => path.endsWith('root/memory')), 'nothing on the disk');
  await host.kill('e5');
  await eventually('it is gone', () => !isThere('e5'));
  await refused(['-n', '@o', '-e', '-t', '-D'], /can't be used with/);
});

test('check --storage finds leftovers, and --repair removes them', { skip }, async () => {
  const check = ['check', '--storage', '-P', host.lxcpath];
  assert.match(await host.ok('config', check), /nothing is wrong/);
  mkdirSync(join(host.lxcpath, '.layers/fedcba9876543210/fs'), { recursive: true });
  const { code, stderr } = await host.tslxc('config', check);
  assert.equal(code, 1);
  assert.match(stderr, /stands on the layer .*fedcba9876543210\n.*--repair/);
  assert.match(await host.ok('config', [...check, '--repair']), /nothing is wrong/);
});
