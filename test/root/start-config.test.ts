/** What the keys of a config do to a running container: seen from inside, and from the host where that is the point. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { statusField } from './harness/leftovers.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

let number = 0;
/** Starts a container with this config and runs commands in it. */
async function started(config: string, ...args: string[]): Promise<(command: string) => Promise<string>> {
  const name = `c${number++}`;
  await busybox.start(name, config, args);
  return (command) => host.inside(name, command);
}
const current = () => `c${number - 1}`;

test("init's environment, directory and arguments", { skip }, async () => {
  covers('lxc.environment', 'lxc.init.cwd', 'lxc.init.cmd');
  const inside = await started(
    'lxc.environment = A=one two\nlxc.environment = B=$HOME "quoted"\nlxc.init.cwd = /var/log\nlxc.init.cmd = /bin/sh -c "sleep 1000; echo"',
  );
  const env = (await inside("tr '\\0' '\\n' </proc/1/environ")).split('\n').sort();
  assert.deepEqual(env, [
    'A=one two',
    'B=$HOME "quoted"',
    'container=lxc',
    'container_ttys=pts/1 pts/2 pts/3 pts/4',
  ]);
  assert.equal(await inside('readlink /proc/1/cwd'), '/var/log');
  assert.equal(await inside("tr '\\0' '|' </proc/1/cmdline"), '/bin/sh|-c|sleep 1000; echo|');
  assert.equal(await inside('echo "$A"'), 'one two', 'attach has it too');
});

test('lxc.include: files and folders, relative to the file that includes; what follows wins', {
  skip,
}, async () => {
  covers('lxc.include');
  await busybox.make('includes');
  const folder = dirname(host.config('includes'));
  mkdirSync(join(folder, 'parts.d'));
  writeFileSync(join(folder, 'one.conf'), 'lxc.environment = FROM=one\nlxc.include = parts.d\n');
  writeFileSync(join(folder, 'parts.d/20.conf'), 'lxc.environment = ORDER=20\nlxc.tty.max = 1\n');
  writeFileSync(join(folder, 'parts.d/10.conf'), 'lxc.environment = ORDER=10\nlxc.environment = PART=10\n');
  writeFileSync(join(folder, 'parts.d/ignored'), 'lxc.nonsense = 1\n');
  busybox.reconfigure('includes', 'lxc.tty.max = 7\nlxc.include = one.conf\nlxc.environment = FROM=below');
  await host.ok('start', ['-n', '@includes', '--', '/bin/sleep', '1000']);
  assert.equal(
    await host.inside('includes', 'echo $FROM $ORDER $PART; ls /dev/tty[0-9]*'),
    'below 20 10\n/dev/tty1',
  );
  await host.kill('includes');
  writeFileSync(join(folder, 'parts.d/20.conf'), '\nlxc.nonsense = 1\n');
  const { code, stderr } = await host.tslxc('start', ['-n', '@includes']);
  assert.equal(code, 1);
  assert.match(stderr, /parts\.d\/20\.conf:2/);
});

test("lxc.environment without a value takes the caller's", { skip }, async () => {
  await busybox.make('caller', 'lxc.environment = FROM_CALLER');
  await host.ok('start', ['-n', '@caller', '--', '/bin/sleep', '1000'], { env: { FROM_CALLER: 'here' } });
  assert.match(await host.inside('caller', "tr '\\0' '\\n' </proc/1/environ"), /^FROM_CALLER=here$/m);
});

test('init.uid and init.gid', { skip }, async () => {
  covers('lxc.init.uid', 'lxc.init.gid');
  const inside = await started('lxc.init.uid = 1000\nlxc.init.gid = 1001', '--', '/bin/sleep', '1000');
  assert.match(
    await inside('grep -E "^(Uid|Gid|Groups|CapEff)" /proc/1/status'),
    /Uid:\s+1000\s+1000.*\nGid:\s+1001\s+1001[\s\S]*CapEff:\s+0+$/,
  );
});

test('init.groups', { skip }, async () => {
  covers('lxc.init.groups');
  const inside = await started(
    'lxc.init.uid = 1000\nlxc.init.gid = 1001\nlxc.init.groups = 10,20,\nlxc.init.groups = 30',
    '--',
    '/bin/sleep',
    '1000',
  );
  assert.match(await inside('grep ^Groups /proc/1/status'), /^Groups:\s+10 20 30\s*$/);
});

const bits = (text: string): bigint => BigInt(`0x${text.trim()}`);
const bounding = async () => bits(statusField(await host.initPid(current()), 'CapBnd'));
/** All that this host has to give: a virtual machine may lack some. */
const ALL = bits(statusField('self', 'CapBnd'));
const [CHOWN, NET_ADMIN, SYS_MODULE, SYS_TIME, NET_RAW] = [0n, 12n, 16n, 25n, 13n];

test('cap.drop', { skip }, async () => {
  covers('lxc.cap.drop');
  await started('lxc.cap.drop =\nlxc.cap.drop = sys_module net_raw\nlxc.cap.drop = sys_time');
  assert.equal(await bounding(), ALL & ~(1n << SYS_MODULE) & ~(1n << NET_RAW) & ~(1n << SYS_TIME));
  for (const set of ['CapPrm', 'CapEff'])
    assert.equal(bits(statusField(await host.initPid(current()), set)), await bounding());
  for (const set of ['CapInh', 'CapAmb'])
    assert.equal(bits(statusField(await host.initPid(current()), set)), 0n);
});

test('cap.keep', { skip }, async () => {
  covers('lxc.cap.keep');
  const inside = await started('lxc.cap.drop =\nlxc.cap.keep = chown net_admin', '--', '/bin/sleep', '1000');
  assert.equal(await bounding(), (1n << CHOWN) | (1n << NET_ADMIN));
  assert.equal(
    bits((await inside('grep CapEff /proc/self/status')).split(/\s+/)[1]!),
    (1n << CHOWN) | (1n << NET_ADMIN),
  );
});

test('cap.keep = none', { skip }, async () => {
  await started('lxc.cap.drop =\nlxc.cap.keep = none', '--', '/bin/sleep', '1000');
  assert.equal(await bounding(), 0n);
});

test('no_new_privs', { skip }, async () => {
  covers('lxc.no_new_privs');
  const inside = await started('lxc.no_new_privs = 1');
  assert.equal(statusField(await host.initPid(current()), 'NoNewPrivs'), '1');
  assert.match(await inside('grep NoNewPrivs /proc/self/status'), /1$/, 'attach too');
});

test('prlimit', { skip }, async () => {
  covers('lxc.prlimit.*');
  const inside = await started(
    'lxc.prlimit.nofile = 512:1024\nlxc.prlimit.core = 0\nlxc.prlimit.nproc = 400',
    '--',
    '/bin/sleep',
    '1000',
  );
  const limits = await inside('cat /proc/1/limits');
  assert.match(limits, /Max open files +512 +1024 /);
  assert.match(limits, /Max core file size +0 +0 /);
  assert.match(limits, /Max processes +400 +400 /);
});

test("limits that the config does not set are the usual ones, not Node's", { skip }, async () => {
  const inside = await started('');
  assert.match(await inside('cat /proc/1/limits'), /Max open files +1024 /);
  assert.match(await inside('grep -E "Sig(Ign|Blk)" /proc/self/status'), /SigBlk:\s+0+\nSigIgn:\s+0+/);
});

test('sysctl', { skip }, async () => {
  covers('lxc.sysctl.*');
  const before = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8');
  const inside = await started('lxc.sysctl.net.ipv4.ip_forward = 1\nlxc.sysctl.kernel.msgmax = 9000');
  assert.equal(await inside('cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax'), '1\n9000');
  assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), before);
});

test('a sysctl that is not there', { skip }, async () => {
  await busybox.make('nosysctl', 'lxc.sysctl.net.ipv4.nonsense = 1');
  const { code, stderr } = await host.tslxc('start', ['-n', '@nosysctl']);
  assert.equal(code, 1);
  assert.match(stderr, /net\.ipv4\.nonsense/);
});

test('uts.name, and the name when there is none', { skip }, async () => {
  covers('lxc.uts.name');
  assert.equal(await (await started('lxc.uts.name = some-name.example'))('hostname'), 'some-name.example');
  assert.equal(await (await started('lxc.uts.name ='))('hostname'), host.name(current()));
});

test('arch: a 32-bit personality', { skip }, async () => {
  covers('lxc.arch');
  assert.match(await (await started('lxc.arch = i686'))('uname -m'), /^i\d86$/);
});

test('tty.max, pty.max and autodev', { skip }, async () => {
  covers('lxc.tty.max', 'lxc.pty.max');
  const inside = await started('lxc.tty.max = 7\nlxc.pty.max = 3');
  assert.equal(await inside('ls /dev/tty[0-9]* | wc -l'), '7');
  assert.match(await inside('grep " /dev/pts " /proc/mounts'), /max=1[01]/);
  // What /dev has, and nothing more.
  assert.equal(
    await inside('cd /dev; ls | grep -v "^tty[0-9]"| tr "\\n" " "'),
    'console fd full log mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero',
  );
  assert.match(
    await inside('grep " /dev " /proc/mounts'),
    /^none \/dev tmpfs rw,nosuid,.*size=492k,mode=755/,
  );
});

test('autodev.tmpfs.size', { skip }, async () => {
  covers('lxc.autodev.tmpfs.size');
  assert.match(
    await (await started('lxc.autodev.tmpfs.size = 1000000'))('grep " /dev " /proc/mounts'),
    /size=980k/,
  );
});

test('autodev = 0: what the image has', { skip }, async () => {
  covers('lxc.autodev');
  await busybox.make('nodev', 'lxc.autodev = 0\nlxc.mount.entry =');
  writeFileSync(`${host.rootfs('nodev')}/dev/of-the-image`, '');
  mkdirSync(`${host.rootfs('nodev')}/dev/pts`, { recursive: true });
  await host.ok('start', ['-n', '@nodev', '--', '/bin/sleep', '1000']);
  assert.equal(
    await host.inside('nodev', 'grep -c " /dev " /proc/mounts || true; ls /dev/of-the-image'),
    '0\n/dev/of-the-image',
  );
});

test('signals: halt, reboot, stop', { skip }, async () => {
  covers('lxc.signal.halt', 'lxc.signal.reboot', 'lxc.signal.stop');
  const init = [
    '--',
    '/bin/sh',
    '-c',
    'trap "echo hup >/root/got; exit 0" HUP; trap "echo usr2 >/root/got" USR2; while :; do sleep 0.1; done',
  ];
  await busybox.make(
    'signals',
    'lxc.signal.halt = SIGHUP\nlxc.signal.stop = SIGUSR2\nlxc.signal.reboot = 12',
  );
  const got = async () =>
    await eventually('a signal', () => {
      try {
        return readFileSync(`${host.rootfs('signals')}/root/got`, 'utf8').trim();
      } catch {
        return undefined;
      }
    });
  await host.ok('start', ['-n', '@signals', ...init]);
  await host.ok('stop', ['-n', '@signals']);
  assert.equal(await got(), 'hup');
  await host.ok('start', ['-n', '@signals', ...init]);
  await host.tslxc('stop', ['-n', '@signals', '-r', '-W']);
  await eventually('SIGUSR2', async () => (await got()) === 'usr2');
  // Its stop signal does not end it: then the kernel's own has to.
  process.kill(await host.initPid('signals'), 'SIGKILL');
  await eventually('it stops', async () => (await host.state('signals')) === 'STOPPED');
});

test('keys that are not acted on are said once, with file and line; others are silent', {
  skip,
}, async () => {
  await busybox.make('quiet', '');
  assert.equal((await host.tslxc('start', ['-n', '@quiet'])).stderr, '');
  await host.kill('quiet');
  await busybox.make('told', 'lxc.apparmor.profile = generated\nlxc.selinux.context = some_t');
  const { code, stderr } = await host.tslxc('start', ['-n', '@told']);
  assert.equal(code, 0);
  assert.match(stderr, /told\/config:\d+: warning: lxc\.apparmor\.profile is not acted on/);
  assert.match(stderr, /told\/config:\d+: warning: lxc\.selinux\.context is not acted on/);
});

test('legacy names work, with one warning', { skip }, async () => {
  await busybox.make('old', 'lxc.utsname = oldname\nlxc.tty = 1\nlxc.network.type = empty');
  const { code, stderr } = await host.tslxc('start', ['-n', '@old']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /lxc\.utsname/);
  assert.equal(await host.inside('old', 'hostname; ls /dev/tty[0-9]*'), 'oldname\n/dev/tty1');
});

test('two keys that contradict each other', { skip }, async () => {
  await busybox.make('both', 'lxc.cap.drop =\nlxc.cap.drop = chown\nlxc.cap.keep = fowner');
  const { code, stderr } = await host.tslxc('start', ['-n', '@both']);
  assert.equal(code, 1);
  assert.match(stderr, /config:\d+(:\d+)?: .*cap\.keep.*cap\.drop/);
});
