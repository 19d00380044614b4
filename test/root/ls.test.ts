/** tslxc-ls: columns of running containers, filters, and containers in containers. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { seconds } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const unmarked = (text: string) => text.replaceAll(`${host.mark}-`, '');
const ls = async (...args: string[]) => unmarked(await host.ok('ls', args));

test('the state options, groups and filters', { skip }, async () => {
  await busybox.make('a', 'lxc.group = web\nlxc.group = db\nlxc.start.auto = 1');
  await busybox.start('b', 'lxc.group = web');
  await busybox.start('c');
  await host.ok('freeze', ['-n', '@c']);
  assert.equal(await ls('-1', '--active'), 'b\nc\n');
  assert.equal(await ls('-1', '--running'), 'b\nc\n');
  assert.equal(await ls('-1', '--frozen'), 'c\n');
  assert.equal(await ls('-1', '--stopped'), 'a\nbase\n');
  assert.equal(await ls('-1', '--stopped', '--frozen'), 'a\nbase\nc\n');
  assert.equal(await ls('-1', '--defined'), 'a\nb\nbase\nc\n');
  assert.equal(await ls('-1', '-g', 'web'), 'a\nb\n');
  assert.equal(await ls('-1', '-g', 'web,db'), 'a\n');
  assert.equal(await ls('-1', '--filter', `${host.mark}-[[:alpha:]]$`), 'a\nb\nc\n');
  assert.equal(await ls('-1', '[ab]$', '--running'), 'b\n');
});

test('names by state are found without reading a config', { skip }, async () => {
  // A fifo as a config: a process that opens it waits for a writer.
  const directory = join(host.lxcpath, host.name('fifo'));
  mkdirSync(directory);
  execFileSync('mkfifo', [join(directory, 'config')]);
  for (const args of [['-1', '--running'], ['-1', '--stopped'], ['-1']]) {
    const { code, stderr } = await host.tslxc('ls', args);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
  }
  assert.equal(await ls('-1', '--stopped'), 'a\nbase\nfifo\n');
  const { stderr } = await host.tslxc('ls', ['-f']);
  assert.match(stderr, /fifo\/config/, 'the control: for the whole table it is looked at');
  rmSync(directory, { recursive: true });
});

/** The suite makes some hundred; TSLXC_TEST_CONTAINERS=10000 for the numbers of the benchmarks. */
const MANY = Number(process.env.TSLXC_TEST_CONTAINERS ?? 500);
test('the time of a list grows with the containers', { skip }, async () => {
  const place = join(host.root, 'many');
  const config = 'lxc.include = /usr/share/tslxc/config/common.conf\nlxc.rootfs.path = dir:/x\n';
  for (let i = 0; i < MANY; i++) {
    mkdirSync(join(place, `c${i}`), { recursive: true });
    writeFileSync(join(place, `c${i}`, 'config'), config);
  }
  for (const args of [['-1'], ['-1', '--running'], ['-f'], ['--json']]) {
    const begin = performance.now();
    const { code, stdout } = await host.tslxc('ls', ['-P', place, ...args]);
    const took = performance.now() - begin;
    assert.equal(code, 0);
    const count = stdout.match(/\bc\d+\b/g)?.length ?? 0;
    assert.equal(count, args.includes('--running') ? 0 : MANY, args.join(' '));
    assert.ok(took < seconds(2) + MANY * 2, `${args.join(' ')}: ${Math.round(took)} ms`);
  }
  rmSync(place, { recursive: true });
});

test('every column', { skip }, async () => {
  const pid = await host.initPid('b');
  const table = await ls('-F', 'name,STATE,pid,ram,swap,autostart,groups,interface,ipv4,ipv6,unprivileged');
  const rows = table.split('\n').map((line) => line.trim().split(/ {1,}/));
  const row = (name: string) => rows.find(([first]) => first === name)!;
  assert.deepEqual(row('NAME').length, 11);
  assert.deepEqual(row('b').slice(0, 3), ['b', 'RUNNING', String(pid)]);
  assert.match(row('b')[3]!, /^\d+\.\d\dMB$/);
  assert.match(row('b')[4]!, /^(\d+\.\d\dMB|-)$/);
  assert.deepEqual(row('b').slice(5), ['0', 'web', 'lo', '-', '-', 'false']);
  assert.equal(row('a').join(' '), 'a STOPPED - - - 1 web, db - - - false');
  assert.equal(row('c')[1], 'FROZEN');
  const list = JSON.parse(await host.ok('ls', ['--json', '--frozen'])) as { state: string }[];
  assert.deepEqual(
    list.map(({ state }) => state),
    ['FROZEN'],
  );
  assert.equal((await host.tslxc('ls', ['-f', '-F', 'name,colour'])).code, 1);
  assert.equal(await host.ok('ls', ['-f', '-P', join(host.root, 'nowhere')]), '');
});

/** A container that has the host's programs, tslxc among them. */
function makeOuter(): void {
  const rootfs = host.rootfs('outer');
  for (const path of ['usr', 'proc', 'sys', 'dev', 'etc', 'run', 'tmp', 'root', 'var/tmp', 'var/lib/tslxc'])
    mkdirSync(join(rootfs, path), { recursive: true });
  for (const path of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${path}`, join(rootfs, path));
  const code = resolve(import.meta.dirname, '../..');
  writeFileSync(
    host.config('outer'),
    `lxc.rootfs.path = ${rootfs}
lxc.net.0.type = empty
lxc.init.cmd = /usr/bin/sleep 100000
lxc.mount.auto = proc:rw sys:rw cgroup-full:rw:force
lxc.mount.entry = /usr usr none bind,ro 0 0
lxc.mount.entry = ${code} ${code} none bind,ro,create=dir 0 0
lxc.mount.entry = tmpfs run tmpfs rw 0 0
lxc.pty.max = 64
`,
  );
}

test('containers in containers are listed, however odd their files', { skip }, async () => {
  makeOuter();
  const inside = join(host.rootfs('outer'), 'var/lib/tslxc');
  for (const name of ['kid', 'idle', 'fifo', 'device', 'away', 'include']) mkdirSync(join(inside, name));
  execFileSync('cp', ['-a', host.rootfs('a'), join(inside, 'kid')]);
  const config = (name: string) => join(inside, name, 'config');
  writeFileSync(
    config('kid'),
    'lxc.rootfs.path = /var/lib/tslxc/kid/rootfs\nlxc.net.0.type = empty\nlxc.group = g1 g2\n',
  );
  writeFileSync(config('idle'), 'lxc.start.auto = 1\nlxc.group = esc\x1b[2J\n');
  // What the guest may put there to hold us up, or to have us read the host's files.
  execFileSync('mkfifo', [config('fifo')]);
  execFileSync('mknod', [config('device'), 'c', '5', '2']);
  writeFileSync(join(host.root, 'secret'), 'lxc.group = secret\n');
  symlinkSync(join(host.root, 'secret'), config('away'));
  writeFileSync(config('include'), `lxc.include = ${join(host.root, 'secret')}\n`);
  // A container directory that is not on the root's own file system.
  const more = join(host.rootfs('outer'), 'var/lib/lxc');
  mkdirSync(more);
  mkdirSync(join(host.root, 'volume/mounted'), { recursive: true });
  writeFileSync(join(host.root, 'volume/mounted/config'), 'lxc.idmap = u 0 1000 1000\n');
  writeFileSync(
    host.config('outer'),
    `lxc.mount.entry = ${join(host.root, 'volume')} var/lib/lxc none bind 0 0\n`,
    {
      flag: 'a',
    },
  );

  await host.ok('start', ['-n', '@outer']);
  const bin = resolve(import.meta.dirname, '../../bin');
  await host.ok('attach', ['-n', '@outer', '--', join(bin, 'tslxc-start'), '-n', 'kid']);
  assert.equal(await ls('-1', 'outer'), 'outer\n');
  assert.equal(
    await ls('-1', '--nesting'),
    `${'a b base c outer outer/idle outer/include outer/kid outer/mounted'.replaceAll(' ', '\n')}\n`,
  );
  const table = await ls('-f', '--nesting=1', '-F', 'name,state,autostart,groups,unprivileged');
  assert.match(table, /^\\idle +STOPPED 1 +- +false +$/m, 'no escape sequences of the guest');
  assert.match(table, /^\\include +STOPPED 0 +- +false +$/m, "no includes: the host's files are none of it");
  assert.match(table, /^\\kid +RUNNING 0 +g1, g2 +false +$/m);
  assert.match(table, /^\\mounted +STOPPED 0 +- +true +$/m);
  const listed = JSON.parse(await host.ok('ls', ['--json', '--nesting', '--filter', 'kid'])) as {
    pid: number;
    within: string[];
    memoryBytes: number;
  }[];
  assert.deepEqual(
    listed.map(({ within }) => within),
    [[host.name('outer')]],
  );
  // On pure v2 the kernel counts for nobody below a cgroup that, like this one, has processes of its own.
  const counted = existsSync('/sys/fs/cgroup/memory');
  assert.equal(listed[0]!.memoryBytes > 0, counted);
  await host.ok('attach', ['-n', '@outer', '--', join(bin, 'tslxc-freeze'), '-n', 'kid']);
  assert.equal(await ls('-1', '--nesting', '--frozen'), 'c\nouter/kid\n');
  await host.ok('attach', ['-n', '@outer', '--', join(bin, 'tslxc-stop'), '-n', 'kid', '-k']);
});

test('of what a guest piles up no more than a bound is read', { skip }, async () => {
  await busybox.start('pile');
  const directory = join(host.rootfs('pile'), 'var/lib/lxc');
  mkdirSync(directory, { recursive: true });
  // One file of 1 MiB under many names, as a guest makes it in no time. Groups behind 64 KiB are not read.
  const config = `lxc.group = first\n${'#'.repeat(63)}\n`.padEnd(2 ** 20 - 20, '#\n');
  writeFileSync(join(directory, 'big'), `${config}\nlxc.group = last\n`);
  execFileSync(
    'sh',
    ['-c', 'i=0; while [ $i -lt 1100 ]; do mkdir c$i; ln big c$i/config; i=$((i+1)); done'],
    {
      cwd: directory,
    },
  );
  const begin = performance.now();
  const text = await host.ok('ls', ['--nesting', '--json', '--filter', '^c[0-9]+$']);
  assert.ok(performance.now() - begin < seconds(10));
  const found = JSON.parse(text) as { groups: string[] }[];
  // 8 MiB of text, which is 128 of these files.
  assert.ok(found.length >= 100 && found.length <= 200, `${found.length}`);
  assert.deepEqual([...new Set(found.flatMap(({ groups }) => groups))], ['first']);
  await host.kill('pile');
});
