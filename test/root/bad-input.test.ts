/** Whatever is wrong: one clear error that names it, a failing exit status, and nothing left behind. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
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
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, type Result, run, sh } from './harness/run-command.ts';
import { seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

before(async () => {
  if (skip) return;
  await busybox.make('there');
});

/** Fails with status 1 and says this in one message; everything in it is one error with its hint. */
function assertRefused(result: Result, ...texts: (string | RegExp)[]): void {
  assert.equal(result.code, 1, `${result.code}: ${result.stderr}`);
  assert.equal(result.stdout, '');
  for (const text of texts)
    if (typeof text === 'string')
      assert.ok(result.stderr.includes(text), `${text} is not in: ${result.stderr}`);
    else assert.match(result.stderr, text);
  const errors = result.stderr.split('\n').filter((line) => /^tslxc/.test(line));
  assert.equal(errors.length, 1, `one error, not: ${result.stderr}`);
  assert.doesNotMatch(result.stderr, /^ {4}at /m, 'no stack for a user');
}

/** The same from the background and from the foreground, and nothing left of either. */
async function startRefused(short: string, ...texts: (string | RegExp)[]): Promise<void> {
  const [background, foreground] = [
    await host.tslxc('start', ['-n', `@${short}`, '-d']),
    await host.tslxc('start', ['-n', `@${short}`, '-F']),
  ];
  assertRefused(background, ...texts);
  assertRefused(foreground, ...texts);
  assert.equal(foreground.stderr, background.stderr);
  assert.equal(await host.state(short), 'STOPPED');
  await host.assertNothingLeft();
}

const config = async (short: string, lines: string): Promise<void> => {
  await busybox.make(short, lines);
};

test('unknown commands and options', { skip }, async () => {
  const command = await run(join(BIN, 'tslxc'), ['strat', '-n', 'x'], { env: host.env });
  assert.equal(command.code, 1);
  assert.match(command.stderr, /strat/);
  for (const name of ['start', 'stop', 'create', 'attach', 'console', 'destroy', 'info', 'ls', 'snapshot']) {
    const { code, stderr } = await host.tslxc(name, ['--no-such-option']);
    assert.equal(code, 1, name);
    assert.match(stderr, /no-such-option/, name);
  }
  for (const name of ['start', 'stop', 'create', 'attach', 'console', 'destroy', 'info', 'snapshot']) {
    const { code, stderr } = await host.tslxc(name, []);
    assert.equal(code, 1, name);
    assert.match(stderr, /name/, name);
  }
});

test('names', { skip }, async () => {
  const bad = [
    'a/b',
    '../x',
    '..',
    '.',
    'x'.repeat(300),
    'with space',
    'line\nbreak',
    '-x',
    '.hidden',
    'nul\u0001',
  ];
  for (const name of bad)
    for (const command of ['start', 'create', 'destroy', 'info', 'attach']) {
      const args = [`--name=${name}`, ...(command === 'create' ? ['-t', 'busybox'] : [])];
      const { code, stderr, stdout } = await host.tslxc(command, args);
      assert.equal(code, 1, `${command} ${JSON.stringify(name)}: ${stdout}${stderr}`);
      // A name is strict where it is given to a container; elsewhere it may exist, and here does not.
      assert.match(stderr, command === 'create' ? /name/i : /name|no such container/i);
      assert.ok(stderr.length < 900, 'the message stays readable');
      assert.doesNotMatch(stderr, /\u0001/);
    }
  assert.deepEqual(
    readdirSync(host.lxcpath).filter((entry) => !entry.includes(host.mark)),
    [],
  );
});

test('names that exist, and that do not', { skip }, async () => {
  assertRefused(
    await host.tslxc('create', ['-n', '@there', '-t', 'busybox']),
    host.name('there'),
    /exists|already/,
  );
  for (const command of ['start', 'destroy', 'info', 'attach', 'console', 'snapshot'])
    assertRefused(
      await host.tslxc(command, ['-n', '@nowhere']),
      host.name('nowhere'),
      /no (such )?container|does not exist/,
    );
  assertRefused(await host.tslxc('start', ['-P', join(host.root, 'nopath'), '-n', '@there']), 'nopath');
});

test('a config with a typo: file and line', { skip }, async () => {
  const cases: Record<string, [string, string | RegExp]> = {
    typo: ['lxc.utz.name = x', 'lxc.utz.name'],
    value: ['lxc.tty.max = many', 'many'],
    noequals: ['lxc.tty.max', /=/],
    signal: ['lxc.signal.halt = SIGNONE', 'SIGNONE'],
    capability: ['lxc.cap.drop = sys_nothing', 'sys_nothing'],
    address: ['lxc.net.0.ipv4.address = 10.0.0.999/24', '10.0.0.999'],
    include: ['lxc.include = /no/such/file', '/no/such/file'],
    cgroup: ['lxc.cgroup.memory.limit_in_bytes = lots', 'lots'],
    device: ['lxc.cgroup.devices.allow = x 1:2 rwm', 'x 1:2'],
    nictype: ['lxc.net.0.type = token-ring', 'token-ring'],
  };
  for (const [name, [line, text]] of Object.entries(cases)) {
    await config(name, `# a comment\n${line}`);
    const number = readFileSync(host.config(name), 'utf8').split('\n').indexOf(line) + 1;
    await startRefused(name, text, `${host.config(name)}:${number}`);
    rmSync(join(host.lxcpath, host.name(name)), { recursive: true });
  }
});

test('all that is wrong with a config is told at once, by a start and by a check', { skip }, async () => {
  const { name: bridge } = await host.bridge();
  await config(
    'many',
    `lxc.tty.mx = 4
lxc.pty.max = many
lxc.cgroup.nosuch.max = 5
lxc.cgroup2.memory.max = lots
lxc.net.0.type = veth
lxc.net.0.link = ${bridge}9
lxc.rootfs.path = /nowhere
lxc.utsname = old`,
  );
  const started = await host.tslxc('start', ['-n', '@many']);
  assert.equal(started.code, 1);
  assert.match(
    started.stderr,
    /many\/config:\d+:1: there is no key "lxc\.tty\.mx"\n {2}hint: did you mean lxc\.tty\.max\?/,
  );
  assert.match(
    started.stderr,
    /many\/config:\d+:15: lxc\.pty\.max: "many" is not a whole number\n {2}hint: valid is/,
  );

  const { code, stderr, stdout } = await host.tslxc('config', ['check', '-P', host.lxcpath, '@many']);
  assert.deepEqual([code, stdout], [1, '']);
  for (const part of [
    'there is no key "lxc.tty.mx"',
    'lxc.pty.max: "many" is not',
    'warning: lxc.cgroup.nosuch.max = 5: this host has no nosuch controller; the line has no effect',
    'lxc.cgroup2.memory.max = lots: expected a number of bytes',
    'bridge "',
    'the root filesystem /nowhere is missing',
    'warning: lxc.utsname is a name that LXC dropped',
  ])
    assert.equal(stderr.split(part).length, 2, `${part} once in:\n${stderr}`);
  const json = await host.tslxc('config', ['check', '-P', host.lxcpath, '@many', '--json']);
  const report = JSON.parse(json.stdout);
  assert.deepEqual([json.code, report.ok, report.errors.length, report.warnings.length], [1, false, 5, 2]);
  assert.ok(report.errors.every(({ file, line }: { file: string; line: number }) => file && line));

  await config('fine', '');
  // As tslxc makes it: others do not reach it, and there is nothing to warn of.
  chmodSync(join(host.lxcpath, host.name('fine')), 0o700);
  const fine = await host.tslxc('config', ['check', '-P', host.lxcpath, '@fine']);
  assert.deepEqual([fine.code, fine.stderr], [0, '']);
  assert.match(fine.stdout, /nothing is wrong/);
  const define = await host.tslxc('config', [
    'check',
    '-P',
    host.lxcpath,
    '@fine',
    '-s',
    'lxc.init.cmd=/bin/none',
  ]);
  assert.equal(define.code, 1);
  assert.match(define.stderr, /the init program \/bin\/none/);
});

test('a check of a config with thousands of mistakes ends soon', { skip }, async () => {
  const lines = (line: string) => Array.from({ length: 4000 }, () => line).join('\n');
  const bad = [lines('lxc.cgroup.memory.limit_in_bytes = lots'), lines('lxc.tty.mx = 1')].join('\n');
  await config('thousands', bad);
  const begin = performance.now();
  const { code, stdout } = await host.tslxc('config', ['check', '-P', host.lxcpath, '@thousands', '--json']);
  const took = performance.now() - begin;
  const { errors } = JSON.parse(stdout) as { errors: { message: string }[] };
  const count = (part: string) => errors.filter(({ message }) => message.includes(part)).length;
  assert.deepEqual([code, count('= lots'), count('lxc.tty.mx')], [1, 1000, 1000]);
  assert.ok(took < seconds(10), `${Math.round(took)} ms`);
});

test('a missing root filesystem and a file in its place are errors', { skip }, async () => {
  await config('noroot', '');
  rmSync(host.rootfs('noroot'), { recursive: true });
  await startRefused('noroot', host.rootfs('noroot'), /config:\d+/, 'hint:');
  writeFileSync(host.rootfs('noroot'), '');
  await startRefused('noroot', host.rootfs('noroot'), /not a directory/);
  await config('unset', 'lxc.rootfs.path =');
  await startRefused('unset', 'lxc.rootfs.path');
});

test('a missing init and an init that cannot be run are errors', { skip }, async () => {
  await config('noinit', 'lxc.init.cmd = /sbin/nothing');
  await startRefused('noinit', '/sbin/nothing', 'hint:');
  await config('plaininit', 'lxc.init.cmd = /etc/passwd');
  await startRefused('plaininit', '/etc/passwd');
  await config('linkinit', 'lxc.init.cmd = /sbin/link');
  symlinkSync('/usr/bin/env', join(host.rootfs('linkinit'), 'sbin/link'));
  rmSync(join(host.rootfs('linkinit'), 'usr/bin/env'), { force: true });
  await startRefused('linkinit', '/sbin/link');
  await config('scriptinit', 'lxc.init.cmd = /sbin/script');
  writeFileSync(join(host.rootfs('scriptinit'), 'sbin/script'), '#!/no/such/shell\n', { mode: 0o755 });
  await startRefused('scriptinit', '/sbin/script', /interpreter|no such file/i);
});

test('a missing bridge, and a name that is taken', { skip }, async () => {
  await config('nobridge', 'lxc.net.0.type = veth\nlxc.net.0.link = nobr77');
  await startRefused('nobridge', 'nobr77', /config:\d+/, 'hint:');
  const { name: bridge } = await host.bridge();
  await config('takenpair', `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.veth.pair = lo`);
  await startRefused('takenpair', /\blo\b/, /config:\d+/);
  assert.ok(existsSync('/sys/class/net/lo'));
});

test('a template that is missing, cannot be run or fails half-way is an error', { skip }, async () => {
  const create = (...template: string[]) => host.tslxc('create', ['-n', '@new', '-t', ...template]);
  const before = readdirSync(host.lxcpath);
  assertRefused(await create('nosuchtemplate'), 'nosuchtemplate');
  assertRefused(await create('/no/such/template'), '/no/such/template');
  const plain = join(host.root, 'plain');
  writeFileSync(plain, 'no script');
  assertRefused(await create(plain), plain);
  const half = join(host.root, 'half');
  writeFileSync(
    half,
    '#!/bin/sh\nfor a; do case $a in --rootfs=*) r=$(echo $a | cut -d= -f2);; esac; done\nmkdir -p $r/etc $r/dev; mknod $r/dev/null c 1 3; echo "cannot go on: no reason" >&2; exit 4\n',
  );
  chmodSync(half, 0o755);
  const failed = await create(half);
  assert.equal(failed.code, 1);
  assert.equal(failed.stderr.match(/no reason/g)?.length, 1, `told once: ${failed.stderr}`);
  assert.match(failed.stderr, /status 4/);
  assert.deepEqual(readdirSync(host.lxcpath), before);
  await host.assertNothingLeft();
});

test('a full disk', { skip }, async () => {
  const disk = join(host.root, 'disk');
  mkdirSync(disk);
  await sh(`mount -t tmpfs -o size=600k tmpfs ${disk}`);
  try {
    const create = await host.tslxc('create', ['-P', disk, '-n', '@full', '-t', 'busybox']);
    assert.equal(create.code, 1);
    assert.match(create.stderr, /full|no space/i);
    assert.deepEqual(readdirSync(disk), []);
    await sh(`mount -o remount,size=4m ${disk}`);
    const base = join(host.lxcpath, host.name('there'));
    await sh(
      `cp -a ${base} ${disk}/ && sed -i 's,${base},${disk}/${host.name('there')},' ${disk}/${host.name('there')}/config`,
    );
    await sh(
      `dd if=/dev/urandom of=${disk}/${host.name('there')}/rootfs/ballast bs=64k count=16 2>/dev/null`,
    );
    const used = (await sh(`cd ${disk} && find . | sort`)).trim();
    const snapshot = await host.tslxc('snapshot', ['-P', disk, '-n', '@there', '--full']);
    assert.equal(snapshot.code, 1, 'there is no room for a second one');
    assert.match(snapshot.stderr, /full|no space/i);
    assert.equal((await sh(`cd ${disk} && find . | grep -v '/snaps$' | sort`)).trim(), used);
    // A container starts and stops on a full disk all the same.
    await run('/bin/dd', ['if=/dev/zero', `of=${disk}/${host.name('there')}/rootfs/filler`, 'bs=64k']);
    await host.ok('start', ['-P', disk, '-n', '@there']);
    await host.ok('stop', ['-P', disk, '-n', '@there', '-k']);
  } finally {
    await sh(`umount -l ${disk}`);
  }
});

test('not root', { skip }, async () => {
  chmodSync(host.root, 0o755);
  const as = (command: string, ...args: string[]) =>
    run(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        join(BIN, `tslxc-${command}`),
        '-P',
        host.lxcpath,
        ...args,
      ],
      {
        env: { ...host.env, TSLXC_RUNDIR: join(host.root, 'nobody'), HOME: '/nonexistent' },
      },
    );
  for (const args of [
    ['start', '-n', host.name('there')],
    ['stop', '-n', host.name('there')],
    ['attach', '-n', host.name('there')],
    ['console', '-n', host.name('there')],
    ['destroy', '-n', host.name('there')],
    ['create', '-n', host.name('new'), '-t', 'busybox'],
    ['snapshot', '-n', host.name('there')],
  ] as const) {
    const { code, stderr } = await as(...(args as unknown as [string, ...string[]]));
    assert.notEqual(code, 0, args[0]);
    assert.match(stderr, /root|permi/i, args[0]);
    assert.doesNotMatch(stderr, /^ {4}at /m, args[0]);
  }
  assert.ok(existsSync(host.config('there')));
  assert.equal(existsSync(join(host.root, 'nobody')), false);
});

test("another user has no way to root's manager", { skip }, async () => {
  await host.ok('start', ['-n', '@there']);
  const { statSync } = await import('node:fs');
  assert.equal(statSync(host.rundir).mode & 0o777, 0o700);
  const { code } = await run('setpriv', [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    'cat',
    join(host.rundir, 'manager.lock'),
  ]);
  assert.notEqual(code, 0);
});

test('a bad id map, a bad mount target', { skip }, async () => {
  await config('badmap', 'lxc.idmap = u 0 100000');
  await startRefused('badmap', /config:\d+/, 'idmap');
  await config('halfmap', 'lxc.idmap = u 0 100000 65536');
  await startRefused('halfmap', 'idmap', 'hint:');
  await config('badtarget', 'lxc.mount.entry = /etc no/where none bind 0 0');
  await startRefused('badtarget', 'no/where', /config:\d+/, 'hint:');
  await config('filetarget', 'lxc.mount.entry = /etc etc/passwd none bind 0 0');
  await startRefused('filetarget', 'etc/passwd', /config:\d+/);
});

test('a config that cannot be read, is a directory, is binary, has no end', { skip }, async () => {
  await config('config', '');
  rmSync(host.config('config'));
  mkdirSync(host.config('config'));
  await startRefused('config', host.config('config'));
  rmSync(host.config('config'), { recursive: true });
  symlinkSync('config', host.config('config'));
  assertRefused(await host.tslxc('start', ['-n', '@config']), host.name('config'));
  rmSync(host.config('config'));
  writeFileSync(host.config('config'), Buffer.from([0x6c, 0x78, 0x63, 0x2e, 0, 1, 2, 0xff, 0xfe, 10]));
  await startRefused('config', host.config('config'));
  writeFileSync(host.config('config'), `lxc.include = ${host.config('config')}\n`);
  await startRefused('config', host.config('config'));
});

test('a named pipe that nothing reads is no log and no pid file, and holds up no other container', {
  skip,
}, async () => {
  const pipe = join(host.root, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await config('bystander', '');
  await host.ok('start', ['-n', '@bystander']);
  await config('piped', `lxc.log.file = ${pipe}\nlxc.log.level = DEBUG`);
  await host.ok('start', ['-n', '@piped'], { timeout: seconds(20) });
  assert.equal(await host.inside('bystander', 'echo here'), 'here');
  await host.ok('stop', ['-n', '@piped', '-k']);
  const { code, stderr } = await host.tslxc('start', ['-n', '@piped', '-p', pipe], { timeout: seconds(20) });
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`the pid file ${pipe} cannot be written`));
  assert.equal(await host.inside('bystander', 'echo here'), 'here');
  await host.kill('bystander');
});

test('cgroup values that cannot be', { skip }, async () => {
  for (const [name, line, text] of [
    ['cpus', 'lxc.cgroup.cpuset.cpus = 4000', 'cpuset.cpus'],
    ['nokey', 'lxc.cgroup.memory.nonsense = 1', 'memory.nonsense'],
    ['nocontroller', 'lxc.strict = 1\nlxc.cgroup.nonsense.max = 1', 'nonsense'],
    [
      'memsw',
      'lxc.cgroup.memory.limit_in_bytes = 2G\nlxc.cgroup.memory.memsw.limit_in_bytes = 1G',
      'memsw.limit_in_bytes = 1G: memory and swap together',
    ],
  ] as const) {
    await config(name, line);
    await startRefused(name, text);
  }
});

test('files of the host that are not there, and parameters that the kernel does not have or refuses', {
  skip,
}, async () => {
  for (const [name, line, text] of [
    ['source', 'lxc.mount.entry = /nowhere/data srv none bind,create=dir 0 0', '/nowhere/data'],
    ['prestart', 'lxc.hook.pre-start = /nowhere/hook x', '/nowhere/hook'],
    ['sysctl', 'lxc.sysctl.net.ipv4.ipforward = 1', 'lxc.sysctl.net.ipv4.ipforward'],
    ['relative', 'lxc.rootfs.path = rootfs', '"rootfs" is not an absolute path'],
    ['prlimit', 'lxc.prlimit.nofile = 99999999999', 'lxc.prlimit.nofile'],
  ] as const) {
    await config(name, line);
    const { length } = readFileSync(host.config(name), 'utf8').trimEnd().split('\n');
    await startRefused(name, text, `${host.config(name)}:${length}`);
    const check = await host.tslxc('config', ['check', '-P', host.lxcpath, `@${name}`]);
    if (line.includes('/nowhere'))
      assert.match(check.stderr, new RegExp(`config:${length}.*${text} does not exist`));
    rmSync(join(host.lxcpath, host.name(name)), { recursive: true });
  }
});

test('snapshots that are not there, of a container that runs', { skip }, async () => {
  assertRefused(await host.tslxc('snapshot', ['-n', '@there', '-r', 'snap7']), 'snap7');
  assertRefused(await host.tslxc('snapshot', ['-n', '@there', '-d', 'snap7']), 'snap7');
  assertRefused(await host.tslxc('snapshot', ['-n', '@there', '-r', '../../etc']), /snap|name/);
  await host.ok('start', ['-n', '@there']);
  assertRefused(await host.tslxc('snapshot', ['-n', '@there']), host.name('there'), /running/);
});

test('errors as JSON for programs', { skip }, async () => {
  const { code, stderr } = await host.tslxc('start', ['-n', '@nowhere', '--json']);
  assert.equal(code, 1);
  const { error } = JSON.parse(stderr);
  assert.equal(error.code, 'CONTAINER_MISSING');
  assert.equal(error.container, host.name('nowhere'));
});

test('output to a pipe without a reader ends the command', { skip }, async () => {
  const { stderr } = await run(
    '/bin/sh',
    [
      '-c',
      `"${BIN}/tslxc-ls" -P "${host.lxcpath}" -f | true; "${BIN}/tslxc-start" --help 2>&1 | head -1 >/dev/null`,
    ],
    { env: host.env },
  );
  assert.doesNotMatch(stderr, /EPIPE|^ {4}at /m);
});
