/** Holes that container managers have had, by their numbers: none of them here. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { compileGuestProgram } from './harness/guest-program.ts';
import { allProcesses, descriptorsOf, processesIn, statusField } from './harness/leftovers.ts';
import { run, sh } from './harness/run-command.ts';
import { delay, eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const MAP =
  'lxc.include = /usr/share/tslxc/config/userns.conf\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536';
const INIT = ['--', '/bin/sleep', '1000'];

/** A directory of the host's that must stay as it is. */
function target(name: string): string {
  const directory = join(host.root, name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(join(directory, 'file'), 'of the host');
  return directory;
}
const untouched = (directory: string) => {
  assert.deepEqual(readdirSync(directory), ['file']);
  assert.equal(readFileSync(join(directory, 'file'), 'utf8'), 'of the host');
};

test('CVE-2015-1335, 2021-30465, 2019-18837: mount targets that are symlinks to the host', {
  skip,
}, async () => {
  const outside = target('cve-2015-1335');
  for (const [i, link] of [
    outside,
    `../../../../../../..${outside}`,
    '/proc/self/root',
    '/proc/1/root',
  ].entries()) {
    const name = `target${i}`;
    await busybox.make(
      name,
      `lxc.mount.entry = tmpfs evil tmpfs create=dir 0 0\nlxc.mount.entry = tmpfs evil/below tmpfs create=dir,optional 0 0`,
    );
    symlinkSync(link, join(host.rootfs(name), 'evil'));
    await host.tslxc('start', ['-n', `@${name}`, ...INIT]);
    untouched(outside);
    await host.kill(name);
  }
});

test('CVE-2024-45310: create=file and create=dir through a symlink make nothing on the host', {
  skip,
}, async () => {
  const outside = target('cve-2024-45310');
  await busybox.make(
    'create',
    `lxc.mount.entry = ${outside}/file link/made none bind,create=file,optional 0 0\nlxc.mount.entry = tmpfs link/dir tmpfs create=dir,optional 0 0`,
  );
  symlinkSync(outside, join(host.rootfs('create'), 'link'));
  await host.tslxc('start', ['-n', '@create', ...INIT]);
  untouched(outside);
});

test('CVE-2019-19921, 2023-27561: /proc or /sys of the image a symlink', { skip }, async () => {
  for (const directory of ['proc', 'sys']) {
    const outside = target(`cve-2019-19921-${directory}`);
    await busybox.make(directory);
    rmSync(join(host.rootfs(directory), directory), { recursive: true });
    symlinkSync(outside, join(host.rootfs(directory), directory));
    await host.tslxc('start', ['-n', `@${directory}`, ...INIT]);
    untouched(outside);
  }
});

test('CVE-2026-41579, 2026-47766, 2026-88264: /dev of the image a symlink, or full of them', {
  skip,
}, async () => {
  const outside = target('cve-2026-41579');
  for (const [i, config] of ['', MAP, 'lxc.autodev = 0'].entries()) {
    const name = `dev${i}`;
    await busybox.make(name, config);
    rmSync(join(host.rootfs(name), 'dev'), { recursive: true });
    symlinkSync(outside, join(host.rootfs(name), 'dev'));
    await host.tslxc('start', ['-n', `@${name}`, ...INIT]);
    untouched(outside);
    await host.kill(name);
  }
  await busybox.make('devlinks', 'lxc.autodev = 0');
  mkdirSync(join(host.rootfs('devlinks'), 'dev'), { recursive: true });
  for (const entry of ['console', 'tty1', 'null', 'ptmx', 'pts']) {
    rmSync(join(host.rootfs('devlinks'), 'dev', entry), { recursive: true, force: true });
    symlinkSync(join(outside, 'file'), join(host.rootfs('devlinks'), 'dev', entry));
  }
  await host.tslxc('start', ['-n', '@devlinks', ...INIT]);
  untouched(outside);
});

test('CVE-2025-31133: what covers /proc files is not the /dev/null of the image', { skip }, async () => {
  const outside = target('cve-2025-31133');
  await busybox.make('null', 'lxc.mount.auto =\nlxc.mount.auto = proc:mixed sys:mixed\nlxc.autodev = 0');
  mkdirSync(join(host.rootfs('null'), 'dev'), { recursive: true });
  rmSync(join(host.rootfs('null'), 'dev/null'), { force: true });
  symlinkSync(join(outside, 'file'), join(host.rootfs('null'), 'dev/null'));
  await host.tslxc('start', ['-n', '@null', ...INIT]);
  untouched(outside);
});

test('CVE-2024-21626: a working directory that is a link to what we have open of the host', {
  skip,
}, async () => {
  await busybox.start('cwd', '', INIT);
  // Where the caller stands the guest has made links to every descriptor that a stage might have.
  const places = Array.from({ length: 20 }, (_, i) => join(host.root, `cwd${i + 3}`));
  for (const place of places) mkdirSync(place, { recursive: true });
  await host.inside(
    'cwd',
    `mkdir -p ${host.root}; ${places.map((place, i) => `ln -s /proc/self/fd/${i + 3} ${place}`).join('; ')}`,
  );
  for (const cwd of places) {
    const told = await host.ok('attach', ['-n', '@cwd', '--', 'readlink', '/proc/self/cwd'], { cwd });
    assert.equal(told, '/\n', cwd);
  }
  // The same with the image and lxc.init.cwd.
  await busybox.make('image');
  for (let fd = 3; fd < 13; fd++) {
    const link = join(host.rootfs('image'), `cwd${fd}`);
    symlinkSync(`/proc/self/fd/${fd}`, link);
    const { code, stderr } = await host.tslxc('start', [
      '-n',
      '@image',
      '-s',
      `lxc.init.cwd=/cwd${fd}`,
      ...INIT,
    ]);
    assert.equal(code, 1, `${fd}`);
    assert.match(stderr, /lxc\.init\.cwd = \/cwd\d+: (ELOOP|ENOENT)/);
  }
});

test('what a guest mounts over its /dev/pts/ptmx is not opened by the manager', { skip }, async () => {
  await busybox.start('ptmx', 'lxc.cap.drop =', INIT);
  await host.inside('ptmx', 'mkfifo /tmp/fifo && mount --bind /tmp/fifo /dev/pts/ptmx');
  const terminal = host.terminal('attach', ['-n', '@ptmx', '--', '/bin/true']);
  await terminal.ended;
  assert.match(terminal.output, /EXDEV/);
  await host.inside('ptmx', 'umount /dev/pts/ptmx');
  const again = host.terminal('attach', ['-n', '@ptmx', '--', '/bin/echo', 'here again']);
  await again.ended;
  assert.match(again.output, /here again/);
});

test('CVE-2016-9962, 2024-21626, 2016-8649: nothing of the host is open in a container, and it stands inside', {
  skip,
}, async () => {
  for (const [name, config] of [
    ['fds', ''],
    ['fdsmap', MAP],
    ['fdsnone', 'lxc.console.path = none\nlxc.tty.max = 0\nlxc.pty.max = 0'],
  ] as const) {
    await busybox.make(name, config);
    // What the caller has open stays with the caller.
    await run(
      '/bin/sh',
      [
        '-c',
        `exec 7</etc/passwd 8</ 9>${host.root}/open-file; exec "$0" "$@"`,
        `${import.meta.dirname}/../../bin/tslxc-start`,
        '-P',
        host.lxcpath,
        '-n',
        host.name(name),
        '--',
        '/bin/sleep',
        '1000',
      ],
      { env: host.env },
    );
    const init = await host.initPid(name);
    const open = descriptorsOf(init);
    assert.deepEqual([...open.keys()], [0, 1, 2], JSON.stringify([...open]));
    for (const path of open.values()) assert.match(path, /^\/dev\/(pts\/\d+|console|null)$/, path);
    assert.equal(readlinkSync(`/proc/${init}/cwd`), '/');
    assert.notEqual(
      statSync(`/proc/${init}/cwd/.`).ino === statSync('/').ino &&
        statSync(`/proc/${init}/cwd/.`).dev === statSync('/').dev,
      true,
    );
    // And a program that is attached has the caller's three, nothing more.
    const listed = await host.ok('attach', ['-n', `@${name}`, '--', 'ls', '-l', '/proc/self/fd/']);
    const numbers = [...listed.matchAll(/:\d\d (\d+)(?: -> .*)?$/gm)].map(([, fd]) => fd);
    // 3 is the directory that ls itself reads.
    assert.deepEqual(
      numbers.filter((fd) => fd !== '3'),
      ['0', '1', '2'],
      listed,
    );
    const cwd = await host.ok('attach', ['-n', `@${name}`, '--', 'readlink', '/proc/self/cwd'], {
      cwd: '/proc/self/fd',
    });
    assert.match(cwd, /^\/(proc\/\S+)?\n$/);
    await host.kill(name);
  }
});

test('CVE-2019-5736: root of a privileged container can change no file that our processes run from', {
  skip,
}, async () => {
  await busybox.make('binary', 'lxc.cap.drop =\nlxc.mount.auto =\nlxc.mount.auto = proc:rw sys:rw');
  const rootfs = host.rootfs('binary');
  await compileGuestProgram('rewrite', join(rootfs, 'bin/rewrite'));
  await run('cp', [join(rootfs, 'bin/rewrite'), join(rootfs, 'bin/own')]);
  // Process 1 of tslxc-execute is a process of ours for as long as the program runs.
  const output = await host.ok('execute', ['-n', '@binary', '--', '/bin/rewrite', '1']);
  assert.match(output, /^tried ([5-9]|\d\d)\n$/, output);
  // The same program finds a way into what a process of the container's own runs from.
  const control = await host.ok('execute', [
    '-n',
    '@binary',
    '--',
    '/bin/sh',
    '-c',
    '/bin/sleep 100 & sleep 0.2; /bin/rewrite $!; kill $!',
  ]);
  for (const way of ['chmod', 'setxattr']) assert.match(control, new RegExp(`exe ${way}\n`));
});

test('CVE-2019-5736: the same for the processes that enter containers, and the root of the host', {
  skip,
}, async () => {
  await busybox.start('below', '', INIT);
  await compileGuestProgram('rewrite', join(host.root, 'rewrite'));
  const tryAll = async () => {
    const ours = [host.keeperPid(), host.forkServerPid()].map(String);
    const { stdout } = await run(join(host.root, 'rewrite'), ours);
    assert.match(stdout, /^tried (1\d|2\d)\n$/, stdout);
  };
  await tryAll();
  // A keeper that the manager has made anew is executed in another way than the first.
  await host.killProcesses(host.keeperPid());
  await eventually('another keeper', () => host.keeperPid() !== undefined);
  await host.inside('below', 'true');
  await tryAll();
});

test("CVE-2016-10124, 2017-5226: no keys for the caller's terminal", { skip }, async () => {
  await busybox.start('tiocsti', '', INIT);
  const terminal = host.terminal('attach', ['-n', '@tiocsti', '--', '/bin/sh']);
  await terminal.until(/[#$] /);
  const its = allProcesses().find(
    ({ title, pid }) => title === '/bin/sh' && processesIn(host.name('tiocsti')).some((p) => p.pid === pid),
  )!;
  assert.notEqual(readlinkSync(`/proc/${its.pid}/fd/0`), terminal.name);
  // A session of its own, whose terminal is the pty it was given.
  const stat = readFileSync(`/proc/${its.pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  assert.equal(Number(stat[3]), its.pid, 'a session of its own');
  const callers = readFileSync(`/proc/${terminal.child.pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  assert.notEqual(stat[4], callers[4]);
  // A pipe as input and a terminal elsewhere: still no way to it.
  terminal.line('exit');
  await terminal.ended;
  const mixed = host.terminal('attach', [
    '-n',
    '@tiocsti',
    '--',
    '/bin/sh',
    '-c',
    'readlink /proc/self/fd/0; readlink /proc/self/fd/2',
  ]);
  await mixed.ended;
  assert.ok(!mixed.output.includes(terminal.name));
});

test('CVE-2022-29162, 2022-27650, 2022-24769: no inheritable and no ambient capabilities', {
  skip,
}, async () => {
  await busybox.start('inherit', '', INIT);
  const init = await host.initPid('inherit');
  assert.match(statusField(init, 'CapInh'), /^0+$/);
  assert.match(statusField(init, 'CapAmb'), /^0+$/);
  const both = 'grep -hE "Cap(Inh|Amb)" /proc/self/status';
  for (const user of [[], ['-u', '1000', '-g', '1000'], ['-e']])
    assert.match(
      await host.ok('attach', ['-n', '@inherit', ...user, '--', '/bin/sh', '-c', both]),
      /^CapInh:\s+0+\nCapAmb:\s+0+\n$/,
    );
  // Also when the caller has some.
  const { stdout } = await run(
    'setpriv',
    [
      '--inh-caps=+net_admin',
      '--ambient-caps=+net_admin',
      `${import.meta.dirname}/../../bin/tslxc-attach`,
      '-P',
      host.lxcpath,
      '-n',
      host.name('inherit'),
      '--',
      '/bin/sh',
      '-c',
      both,
    ],
    { env: host.env },
  );
  assert.match(stdout, /^CapInh:\s+0+\nCapAmb:\s+0+\n$/);
});

test('CVE-2022-36109: the groups of the caller stay outside', { skip }, async () => {
  await busybox.make('groups');
  await run(
    'setpriv',
    [
      '--groups=4,24,27',
      `${import.meta.dirname}/../../bin/tslxc-start`,
      '-P',
      host.lxcpath,
      '-n',
      host.name('groups'),
      ...INIT,
    ],
    { env: host.env },
  );
  assert.equal(statusField(await host.initPid('groups'), 'Groups'), '');
  const { stdout } = await run(
    'setpriv',
    [
      '--groups=4,24,27',
      `${import.meta.dirname}/../../bin/tslxc-attach`,
      '-P',
      host.lxcpath,
      '-n',
      host.name('groups'),
      '--',
      'id',
      '-G',
    ],
    { env: host.env },
  );
  assert.equal(stdout, '0\n');
});

test('CVE-2026-23953: a line break in a value adds no line to a config', { skip }, async () => {
  await busybox.make('newline');
  const { code, stderr } = await host.tslxc('start', [
    '-n',
    '@newline',
    '-s',
    'lxc.environment=A=b\nlxc.hook.pre-start = /bin/touch /tmp/evil',
    ...INIT,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /line break|newline|control/i);
  await host.assertNothingLeft();
  assert.equal(existsSync('/tmp/evil'), false);
  await host.ok('start', ['-n', '@newline', ...INIT]);
  const attached = await host.ok('attach', [
    '-n',
    '@newline',
    '-v',
    'A=b\nc',
    '--',
    '/bin/sh',
    '-c',
    'echo "$A"',
  ]);
  assert.equal(attached, 'b\nc\n', 'in a variable of a program it is only a character');
});

test('CVE-2016-3697, 2026-30892: users are numbers and nothing else', { skip }, async () => {
  await busybox.start('users', '', INIT);
  await host.inside('users', "echo '1000:x:0:0:evil:/root:/bin/sh' >>/etc/passwd");
  assert.equal(await host.ok('attach', ['-n', '@users', '-u', '1000', '--', 'id', '-u']), '1000\n');
  for (const user of ['1000x', 'root', '-1', '4294967295', '4294967296', '', ' 0', '0x10', '1e3'])
    assert.equal(
      (await host.tslxc('attach', ['-n', '@users', '-u', user, '--', 'id'])).code,
      1,
      JSON.stringify(user),
    );
});

test('CVE-2026-33711, 2026-33945: a console log is not written through a symlink of the guest', {
  skip,
}, async () => {
  const outside = target('cve-2026-33711');
  await busybox.make('log');
  const log = join(host.rootfs('log'), 'console.log');
  symlinkSync(join(outside, 'file'), log);
  await host.tslxc('start', ['-n', '@log', '-L', log, '--', '/bin/sh', '-c', 'echo hello; sleep 1000']);
  await delay(500);
  untouched(outside);
});

test('CVE-2026-48749: a rootfs that is a symlink is the directory it names, one made by a guest is not followed out', {
  skip,
}, async () => {
  await busybox.make('link');
  await sh(
    `mv ${host.rootfs('link')} ${host.root}/elsewhere && ln -s ${host.root}/elsewhere ${host.rootfs('link')}`,
  );
  await host.ok('start', ['-n', '@link', ...INIT]);
  assert.equal(await host.inside('link', 'cat /etc/hostname | wc -l'), '1');
});

test('CVE-2023-25809, 2022-0492: no cgroup of the host above its own can be written from inside', {
  skip,
}, async () => {
  await busybox.start(
    'cgroup',
    'lxc.mount.auto =\nlxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force',
    INIT,
  );
  const name = host.name('cgroup');
  const escaped = await host.inside(
    'cgroup',
    'find /sys/fs/cgroup -name release_agent 2>/dev/null | while read f; do echo /evil >$f 2>/dev/null && echo "$f written"; done; find /sys/fs/cgroup -maxdepth 2 -name "tslxc*"; true',
  );
  assert.equal(escaped, '');
  const agents = await sh('cat /sys/fs/cgroup/*/release_agent 2>/dev/null || true');
  assert.ok(!agents.includes('evil'));
  for (const { pid } of processesIn(name))
    assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(name));
});

test('CVE-2020-15257: no abstract sockets, and the real ones in a directory of our own', {
  skip,
}, async () => {
  await busybox.start('sockets', '', INIT);
  const ours = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(host.rundir) || /@.*tslxc/.test(line));
  assert.ok(ours.length > 0);
  for (const line of ours) assert.doesNotMatch(line, / @/);
  assert.equal(statSync(host.rundir).mode & 0o077, 0);
});

test('CVE-2015-1331: locks and state are not written through links that others made', { skip }, async () => {
  await busybox.make('lock');
  const outside = target('cve-2015-1331');
  const hash = readdirSync(join(host.rundir, 'containers'))[0]!;
  const directory = join(host.rundir, 'containers', hash, host.name('lock'));
  mkdirSync(directory, { recursive: true });
  symlinkSync(join(outside, 'file'), join(directory, 'lock'));
  const { code } = await host.tslxc('start', ['-n', '@lock', ...INIT]);
  assert.notEqual(code, 0);
  untouched(outside);
  rmSync(directory, { recursive: true });
});
