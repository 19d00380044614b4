/** Filters of system calls, seen from inside: what a policy refuses is refused to init, to hooks and to attached programs. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { statusField } from './harness/leftovers.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning', '--single-threaded', '--v8-pool-size=0'];
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

test('the shipped policy is in force for a config that does not name one', { skip }, async () => {
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
  // Swap space and quotas are the host's. The control: without the filter the kernel looks for the file.
  const swapoff = (...args: string[]) => tried('shipped', 'swapoff /nowhere', args);
  assert.match(await swapoff(), /not permitted/);
  assert.match(await swapoff('-e'), /No such file/);
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

/** A proxy of ours with its log; gone at the end of the test. */
async function proxy(t: TestContext, socket: string) {
  const log = `${join(host.root, 'proxy.log')}`;
  writeFileSync(log, '');
  const child = spawn(
    process.execPath,
    [...NODE_OPTIONS, join(import.meta.dirname, 'harness/seccomp-proxy.ts'), socket, log],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(end);
  const lines = () => readFileSync(log, 'utf8').trim().split('\n');
  await eventually('the proxy listens', () => lines()[0] === 'listening');
  return {
    end,
    ended,
    asked: () =>
      lines()
        .slice(1)
        .map((line) => JSON.parse(line)),
  };
}

test('a proxy decides, for init and for attached programs; it may go and come back', { skip }, async (t) => {
  covers('lxc.seccomp.notify.proxy', 'lxc.seccomp.notify.cookie');
  const socket = join(host.root, 'proxy.sock');
  const rules = policy('notify.policy', '2', 'denylist', '[all]', 'mkdir notify', 'mkdirat notify');
  const config = `${rules}\nlxc.seccomp.notify.proxy = unix:${socket}\nlxc.seccomp.notify.cookie = a cookie`;
  await busybox.make('asks', config);
  const alone = await host.tslxc('start', ['-n', '@asks']);
  assert.equal(alone.code, 1);
  assert.match(alone.stderr, /config:\d+: nobody answers at .*proxy\.sock.*: it does not exist/);
  await host.assertNothingLeft();
  let first = await proxy(t, socket);
  await host.ok('start', ['-n', '@asks', '--', '/bin/sh', '-c', 'mkdir /root/by-init; sleep 1000']);
  const init = await host.initPid('asks');
  const [question] = await eventually('init has asked', () =>
    first.asked().length > 0 ? first.asked() : undefined,
  );
  assert.deepEqual(
    { ...question, monitor: question.monitor === question.peer, caller: question.caller > 0, peer: 0 },
    {
      path: '/root/by-init',
      name: 'mkdir',
      caller: true,
      cookie: 'a cookie',
      init,
      monitor: true,
      peer: 0,
      sizes: [80, 24, 64],
      cookieLength: 8,
      id: true,
    },
  );
  assert.match(await tried('asks', 'mkdir /root/allowed; test -d /root/allowed'), /status 0/);
  assert.match(await tried('asks', 'mkdir /root/deny'), /status 1[\s\S]*not permitted/);
  // An answer that is none is as good as a proxy that has gone: who asks again gets through.
  assert.match(await tried('asks', 'mkdir /root/wrong'), /status 1[\s\S]*Function not implemented/);
  assert.match(await tried('asks', 'mkdir /root/again'), /status 0/);
  // One that waits does not keep others waiting, and can be killed.
  assert.match(
    await tried(
      'asks',
      'mkdir /root/silent & sleep 0.3; mkdir /root/other && kill $! && wait $!; test -d /root/other',
    ),
    /status 0/,
  );
  assert.match(await tried('asks', 'mkdir /root/end'), /status 1[\s\S]*Function not implemented/);
  await first.ended;
  assert.match(await tried('asks', 'mkdir /root/alone'), /status 1[\s\S]*Function not implemented/);
  rmSync(socket);
  first = await proxy(t, socket);
  // The manager has no part in it.
  await host.killProcesses(host.managerPid());
  await host.inside('asks', 'kill -0 1; mkdir /root/deny 2>&1 | grep -q "not permitted"');
  const proxies = () =>
    host.processes().filter(({ title }) => title.startsWith('tslxc-seccomp-proxy')).length;
  await eventually('only the one of init is left', () => proxies() === 1);
  await host.kill('asks');
  await eventually('none is left', () => proxies() === 0);
  // The filter of a single program is on that, below an init of ours.
  const single = await host.tslxc('execute', ['-n', '@asks', '--', 'mkdir', '/root/deny-it']);
  assert.deepEqual([single.code, /not permitted/.test(single.stdout + single.stderr)], [1, true]);
  await eventually('none is left again', () => proxies() === 0);
});

test('without a proxy what would be asked fails, and a start says so', { skip }, async () => {
  await busybox.make('nobody', policy('notify.policy', '2', 'denylist', 'mkdir notify', 'mkdirat notify'));
  const { code, stderr } = await host.tslxc('start', ['-n', '@nobody']);
  assert.deepEqual([code, /config:\d+: warning: .*fail with ENOSYS/.test(stderr)], [0, true], stderr);
  assert.match(await tried('nobody', 'mkdir /root/dir'), /status 1[\s\S]*Function not implemented/);
  await host.kill('nobody');
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
  assert.match(missing.stderr, /config:\d+: .*bad\.policy cannot be read: it does not exist/);
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
