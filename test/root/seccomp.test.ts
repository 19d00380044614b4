/** Filters of system calls, seen from inside: what a policy refuses is refused to init, to hooks and to attached programs. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { statusField } from './harness/leftovers.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

const MAP = 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536';

function policy(name: string, ...lines: string[]): string {
  const file = join(host.root, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return `lxc.seccomp.profile = ${file}`;
}

/** What a command inside ends with. */
async function tried(short: string, command: string, args: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await host.tslxc('attach', [
    '-n',
    `@${short}`,
    ...args,
    '--',
    'sh',
    '-c',
    `${command}; echo status $?`,
  ]);
  return `${stdout}${stderr}${code === 0 ? '' : `attach ${code}`}`.trim();
}

test('the shipped policy is in force without a word in the config', { skip }, async () => {
  covers('lxc.seccomp.profile');
  await busybox.start('shipped');
  const init = await host.initPid('shipped');
  assert.deepEqual([statusField(init, 'Seccomp'), statusField(init, 'NoNewPrivs')], ['2', '0']);
  assert.match(await tried('shipped', 'umount -f /proc/sys'), /denied|not permitted/i);
  assert.equal(await host.inside('shipped', 'grep Seccomp: /proc/self/status'), 'Seccomp:\t2');
  const free = await host.ok('attach', [
    '-n',
    '@shipped',
    '-e',
    '--',
    'grep',
    'Seccomp:',
    '/proc/self/status',
  ]);
  assert.equal(free.trim(), 'Seccomp:\t0', 'with elevated privileges: none');
  await host.kill('shipped');
});

test('a denylist with errors, arguments and sections; for init, hooks, root and users', {
  skip,
}, async () => {
  await busybox.make(
    'deny',
    `${policy(
      'deny.policy',
      '2',
      'denylist',
      '# a comment',
      '[all]',
      'mkdir errno 17   # EEXIST',
      'mkdirat errno EEXIST',
      'sethostname errno 0',
      'sync trap',
      'getpriority errno 1 [0,1,==] [1,0,>=]',
      '[x86]',
      'symlink errno 1',
      '[arm64]',
      'symlinkat errno 1',
    )}\nlxc.cap.drop = sys_admin\nlxc.hook.start = /bin/sh -c 'mkdir /root/by-hook 2>/root/hook; exit 0'`,
  );
  await host.ok('start', ['-n', '@deny']);
  assert.match(await tried('deny', 'mkdir /root/dir'), /status 1[\s\S]*File exists/);
  assert.match(await host.inside('deny', 'cat /root/hook'), /File exists/);
  assert.match(await tried('deny', 'mkdir /tmp/dir', ['-u', '1000', '-g', '1000']), /File exists/);
  assert.match(await tried('deny', 'sync'), /status 159/, 'SIGSYS');
  assert.match(await tried('deny', 'ln -s a /root/link && test -L /root/link'), /status 0/);
  assert.equal(await host.inside('deny', 'hostname other; hostname'), 'deny', 'done in appearance only');
  // CAP_SYS_ADMIN, which loading took, is gone.
  const init = await host.initPid('deny');
  assert.equal(BigInt(`0x${statusField(init, 'CapPrm')}`) & (1n << 21n), 0n);
  assert.match(await tried('deny', 'grep CapEff /proc/self/status', ['-u', '1000']), /CapEff:\s0+$/m);
  await host.kill('deny');
});

test('an allowlist, in a mapped container with no_new_privs and an init that is a user', {
  skip,
}, async () => {
  const list = policy('allow.policy', '2', 'allowlist errno 38', '[all]', ...ALLOWED);
  await busybox.make(
    'allow',
    `${MAP}\n${list}\nlxc.no_new_privs = 1\nlxc.init.uid = 1000\nlxc.init.gid = 1000`,
  );
  await host.ok('start', ['-n', '@allow', '--', '/bin/sleep', '1000']);
  assert.match(await tried('allow', 'hostname other'), /status 1[\s\S]*Function not implemented/);
  const init = await host.initPid('allow');
  assert.deepEqual(
    ['Seccomp', 'NoNewPrivs', 'CapPrm'].map((field) => statusField(init, field)),
    ['2', '1', '0000000000000000'],
  );
  await host.kill('allow');
});

test('version 1 allows numbers and kills the rest', { skip: skip || process.arch !== 'x64' }, async () => {
  const all = Array.from({ length: 470 }, (_, number) => String(number)).filter((number) => number !== '170');
  await busybox.make('v1', policy('v1.policy', '1', 'allowlist', ...all));
  await host.ok('start', ['-n', '@v1']);
  assert.match(await tried('v1', 'hostname other'), /status 159/);
  await host.kill('v1');
});

test('a dry run shows the filter', { skip }, async () => {
  const { stdout } = await host.tslxc('start', ['-n', '@shipped', '--dry-run']);
  assert.match(stdout, /^System calls: +filtered by .*common\.seccomp \(\d+ instructions\)$/m);
});

test('mistakes are told with file and line, before anything is touched', { skip }, async () => {
  await busybox.make('bad');
  const bad: [string[], RegExp][] = [
    [['3', 'denylist'], /bad\.policy:1: .*"3" is not the version/],
    [['2', 'list'], /bad\.policy:2: .*"list" is no kind/],
    [['1', 'denylist'], /bad\.policy:2: .*version 1/],
    [['2', 'denylist', '[vax]'], /bad\.policy:3: .*"\[vax\]"/],
    [['2', 'denylist', 'mkdir refuse'], /bad\.policy:3: .*"refuse" is not an action/],
    [['2', 'denylist', '', 'mkdir errno 9999'], /bad\.policy:4: .*"errno 9999"/],
    [['2', 'denylist', 'mkdir errno 1 [7,1,==]'], /bad\.policy:3: .*"7"/],
    [['2', 'denylist', 'mkdir errno 1 [1,1,=]'], /bad\.policy:3: .*"="/],
    [['1', 'allowlist', 'mkdir'], /bad\.policy:3: .*"mkdir"/],
  ];
  for (const [lines, message] of bad) {
    busybox.reconfigure('bad', policy('bad.policy', ...lines));
    const { code, stderr } = await host.tslxc('start', ['-n', '@bad']);
    assert.equal(code, 1, lines.join());
    assert.match(stderr, message);
    assert.match(stderr, /hint: /);
  }
  rmSync(join(host.root, 'bad.policy'));
  const missing = await host.tslxc('start', ['-n', '@bad']);
  assert.match(missing.stderr, /config:\d+: .*bad\.policy can not be read: ENOENT/);
  // A call that nobody knows is no reason not to start.
  busybox.reconfigure('bad', policy('bad.policy', '2', 'denylist', 'frobnicate errno 1'));
  const odd = await host.tslxc('start', ['-n', '@bad']);
  assert.equal(odd.code, 0, odd.stderr);
  assert.match(odd.stderr, /bad\.policy:3: warning: .*"frobnicate"/);
  await host.kill('bad');
});

const ALLOWED =
  'access arch_prctl brk chdir clone clone3 close dup dup2 dup3 execve exit exit_group faccessat fcntl fork fstat futex getcwd getdents64 getegid geteuid getgid getpgid getpid getppid getrandom getuid ioctl kill lseek mmap mprotect mremap munmap nanosleep clock_nanosleep newfstatat open openat pipe pipe2 poll prctl pread64 prlimit64 read readlink readlinkat recvfrom rseq rt_sigaction rt_sigprocmask rt_sigreturn sendto set_robust_list set_tid_address setpgid setsid sigaltstack stat statx sysinfo uname vfork wait4 write writev lstat madvise'.split(
    ' ',
  );
