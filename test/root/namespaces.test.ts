/** Which namespaces a container has of its own, keeps of the host, or shares with others. No init here asks for DHCP. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { isAlive, processesIn, statusField } from './harness/leftovers.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const INIT = ['--', '/bin/sleep', '1000'];
const map = (first: number) =>
  `lxc.include = /usr/share/tslxc/config/userns.conf\nlxc.idmap = u 0 ${first} 65536\nlxc.idmap = g 0 ${first} 65536`;

const NAMES = ['user', 'mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'time'] as const;
const of = (pid: number | 'self', name: string) => readlinkSync(`/proc/${pid}/ns/${name}`);
/** The namespaces of a container that are not the host's. */
async function foreign(short: string): Promise<string> {
  const init = await host.initPid(short);
  return NAMES.filter((name) => of(init, name) !== of('self', name)).join(' ');
}
async function refused(short: string, config: string, ...args: string[]): Promise<string> {
  if (!existsSync(host.config(short))) await busybox.make(short);
  busybox.reconfigure(short, config);
  const { code, stderr } = await host.tslxc('start', ['-n', `@${short}`, ...args, ...INIT]);
  assert.equal(code, 1, config);
  assert.match(stderr, /hint:/, stderr);
  return stderr;
}

test('keep: the host’s, and what that means for names, reboots and processes', { skip }, async () => {
  covers('lxc.namespace.keep');
  const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
  await busybox.start('keep', 'lxc.namespace.keep = net UTS ipc pid\nlxc.cap.drop =', INIT);
  assert.equal(await foreign('keep'), 'mnt cgroup');
  assert.equal(readFileSync('/proc/sys/kernel/hostname', 'utf8'), before, 'not renamed');
  const init = await host.initPid('keep');
  assert.equal(await host.inside('keep', 'readlink /proc/self/ns/net'), of('self', 'net'));
  await host.inside('keep', `test -d /proc/${init}`);
  const CAP_SYS_BOOT = 22n;
  assert.equal(
    (BigInt(`0x${statusField(init, 'CapBnd')}`) >> CAP_SYS_BOOT) & 1n,
    0n,
    'no reboot of the host',
  );
  // Nobody in it outlives its init.
  const child = Number(await host.inside('keep', 'sleep 999 >/dev/null 2>&1 & echo $!'));
  assert.ok(isAlive(child));
  await host.kill('keep');
  await eventually('the rest is gone', () => !isAlive(child));
});

test('clone: no others', { skip }, async () => {
  covers('lxc.namespace.clone');
  await busybox.start(
    'clone',
    'lxc.namespace.clone = mnt pid uts time\nlxc.mount.auto =\nlxc.mount.auto = proc:mixed sys:mixed',
    INIT,
  );
  assert.equal(await foreign('clone'), 'mnt pid uts time');
  assert.equal(
    await host.inside('clone', 'hostname; readlink /proc/self/ns/time'),
    `clone\n${of(await host.initPid('clone'), 'time')}`,
  );
});

test('share: by name, pid and path, in the config and on the command line; attach goes there too', {
  skip,
}, async () => {
  covers('lxc.namespace.share.*');
  await busybox.start('giver', 'lxc.sysctl.net.ipv4.ip_default_ttl = 77', INIT);
  const giver = await host.initPid('giver');
  const shares = async (short: string, names: readonly string[]) => {
    const init = await host.initPid(short);
    for (const name of NAMES)
      assert.equal(
        of(init, name) === of(giver, name),
        names.includes(name) || of(giver, name) === of('self', name),
        `${short} ${name}`,
      );
  };
  await busybox.start(
    'byname',
    `lxc.namespace.share.net = ${host.name('giver')}\nlxc.namespace.share.ipc = ${host.name('giver')}`,
    INIT,
  );
  await shares('byname', ['net', 'ipc']);
  assert.equal(await host.inside('byname', 'cat /proc/sys/net/ipv4/ip_default_ttl'), '77');
  assert.equal(await host.inside('byname', 'readlink /proc/self/ns/net'), of(giver, 'net'));
  await busybox.start('bypid', `lxc.namespace.share.uts = ${giver}`, INIT);
  await shares('bypid', ['uts']);
  assert.equal(await host.inside('bypid', 'hostname'), 'giver');
  await busybox.start(
    'bypath',
    `lxc.namespace.share.cgroup = /proc/${giver}/ns/cgroup\nlxc.namespace.share.net = ${host.lxcpath}/${host.name('giver')}`,
    INIT,
  );
  await shares('bypath', ['cgroup', 'net']);
  await busybox.make('options');
  const four = ['net', 'ipc', 'uts', 'pid'].flatMap((name, i) => [
    `--share-${name}`,
    i % 2 ? '@giver' : String(giver),
  ]);
  await host.ok('start', ['-n', '@options', ...four, ...INIT]);
  await shares('options', ['net', 'ipc', 'uts', 'pid']);
  assert.match(await host.inside('giver', 'ps'), /sleep 1000[\s\S]*sleep 1000/, 'they see each other');
  await host.inside('options', 'sleep 998 >/dev/null 2>&1 &');
  const left = () => processesIn(host.mark).filter(({ title }) => title === 'sleep 998').length;
  assert.equal(left(), 1);
  await host.kill('options');
  assert.equal(left(), 0, 'all of it is gone');
  assert.equal(await host.state('giver'), 'RUNNING');
  // A namespace lives as long as somebody is in it.
  await host.kill('giver');
  assert.equal(await host.inside('byname', 'cat /proc/sys/net/ipv4/ip_default_ttl'), '77');
});

test('mapped containers share what belongs to the user namespace that they share', { skip }, async () => {
  await busybox.start('mapped', map(100000), INIT);
  const name = host.name('mapped');
  const share = (...names: string[]) =>
    names.map((kind) => `lxc.namespace.share.${kind} = ${name}`).join('\n');
  await busybox.start(
    'member',
    `${share('user', 'net', 'pid')}\nlxc.include = /usr/share/tslxc/config/userns.conf`,
    INIT,
  );
  const [giver, taker] = [await host.initPid('mapped'), await host.initPid('member')];
  for (const kind of ['user', 'net', 'pid']) assert.equal(of(taker, kind), of(giver, kind), kind);
  assert.equal(statusField(taker, 'Uid').split('\t')[0], '100000');
  assert.equal(await host.inside('member', 'stat -c %u /etc/passwd; ls /sys/class/net; id -u'), '0\nlo\n0');
  await host.kill('member');
  await busybox.start('same', `${map(100000)}\n${share('user', 'uts', 'ipc')}`, INIT);
  assert.equal(await host.inside('same', 'hostname'), 'mapped');
  await host.kill('same');
  // Names and ipc need no power over the namespace; /sys does.
  await busybox.start('other', `${map(300000)}\n${share('uts', 'ipc')}`, INIT);
  assert.equal(await host.inside('other', 'hostname'), 'mapped');
  await host.kill('other');
  const start = (config: string) => refused('bad', config);
  assert.match(
    await start(`${map(300000)}\n${share('net')}`),
    /config:\d+: .*net namespace of the container .*mapped does not belong/,
  );
  assert.match(await start(`${map(300000)}\n${share('pid')}`), /config:\d+: .*mount \/proc/);
  assert.match(
    await start(`${map(300000)}\n${share('user')}`),
    /config:\d+: .*lxc\.idmap is not the map .*u 0 100000 65536/,
  );
  assert.match(
    await start(`${map(300000)}\nlxc.namespace.keep = net`),
    /config:\d+: .*of the host does not belong/,
  );
});

test('what cannot be shared, and lines that contradict each other', { skip }, async () => {
  await busybox.make('idle');
  const name = host.name('idle');
  for (const [config, message] of [
    [
      'lxc.namespace.keep = net\nlxc.namespace.clone = mnt',
      /config:\d+.*clone cannot be set together with lxc\.namespace\.keep/,
    ],
    ['lxc.namespace.keep = mnt', /config:\d+.*mount namespace of its own/],
    ['lxc.namespace.clone = net', /config:\d+.*mount namespace of its own/],
    [`lxc.namespace.share.mnt = ${process.pid}`, /config:\d+.*mount namespace of its own/],
    [`lxc.namespace.share.net = ${name}`, /config:\d+.*the container .*idle.* does not run/],
    ['lxc.namespace.share.net = nobody', /config:\d+.*there is no container nobody/],
    ['lxc.namespace.share.net = 4194304', /config:\d+.*there is no process 4194304/],
    ['lxc.namespace.share.net = /etc/passwd', /config:\d+.*not a namespace/],
    ['lxc.namespace.share.net = /proc/self/ns/uts', /config:\d+.*no net namespace/],
    ['lxc.namespace.share.net = /no/such', /config:\d+.*cannot be opened: it does not exist/],
    [`${map(100000)}\nlxc.namespace.keep = user`, /config:\d+.*rules out the user namespace/],
    [`${map(100000)}\nlxc.namespace.clone = mnt`, /config:\d+.*rules out the user namespace/],
    ['lxc.namespace.clone = mnt user', /config:\d+.*needs an id map/],
    ['lxc.time.offset.boot = 1h\nlxc.namespace.keep = time', /config:\d+.*rules out the time namespace/],
    ['lxc.net.0.type = none\nlxc.namespace.clone = mnt net', /config:\d+.*one of the container's own/],
    ['lxc.namespace.keep = network', /config:\d+:\d+.*"network" is not a namespace/],
  ] as const)
    assert.match(await refused('odd', config), message);
  assert.match(
    await refused('odd', '', '--share-net', 'nobody'),
    /command line.*there is no container nobody/,
  );
  const plan = await host.ok('start', [
    '-n',
    '@odd',
    '--share-net',
    String(process.pid),
    '-s',
    'lxc.net.0.type=veth',
    '--dry-run',
  ]);
  assert.match(plan, /lxc\.net\.0 is left out: the container has the network of the host/);
});

test('time: clocks of its own', { skip }, async () => {
  covers('lxc.time.offset.boot', 'lxc.time.offset.monotonic');
  const uptime = (text: string) => Number(text.split(' ')[0]);
  const ours = () => uptime(readFileSync('/proc/uptime', 'utf8'));
  for (const [short, config] of [
    ['clock', ''],
    ['mappedclock', `${map(100000)}\n`],
  ] as const) {
    await busybox.start(
      short,
      `${config}lxc.time.offset.boot = 240h\nlxc.time.offset.monotonic = 500 ms`,
      INIT,
    );
    const init = await host.initPid(short);
    assert.notEqual(of(init, 'time'), of('self', 'time'));
    assert.match(
      readFileSync(`/proc/${init}/timens_offsets`, 'utf8'),
      /monotonic +0 500000000\nboottime +864000 +0/,
    );
    // An attached program has them too.
    const off = uptime(await host.inside(short, 'cat /proc/uptime')) - ours();
    assert.ok(Math.abs(off - 864000) < 30, String(off));
    await host.kill(short);
  }
  assert.match(
    await refused('clock', 'lxc.time.offset.boot = -100000h'),
    /lxc\.time\.offset\.boot.*: the kernel refused the offset: ERANGE/,
  );
  assert.match(await refused('clock', 'lxc.time.offset.monotonic = 5 d'), /config:\d+:\d+.*no unit/);
});
