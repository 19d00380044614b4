/** Containers with a user namespace of their own: mapped ids over an unshifted root filesystem. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { statusField } from './harness/leftovers.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

const USERNS = 'lxc.include = /usr/share/tslxc/config/userns.conf';
const MAP = `${USERNS}\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536`;
const BASE = 100000;

test('maps, and who is who inside and outside', { skip }, async () => {
  covers('lxc.idmap');
  await busybox.start('map', MAP);
  const init = await host.initPid('map');
  for (const file of ['uid_map', 'gid_map'])
    assert.match(readFileSync(`/proc/${init}/${file}`, 'utf8'), /^\s*0\s+100000\s+65536\s*$/);
  assert.equal(statusField(init, 'Uid'), [BASE, BASE, BASE, BASE].join('\t'));
  assert.equal(statusField(init, 'Gid'), [BASE, BASE, BASE, BASE].join('\t'));
  assert.equal(statusField(init, 'Groups'), '');
  assert.equal(
    await host
      .inside('map', 'id -u; id -g; cat /proc/self/uid_map')
      .then((text) => text.replace(/\s+/g, ' ')),
    '0 0 0 100000 65536',
  );
  assert.match(
    await host.ok('ls', ['-f', '-F', 'NAME,UNPRIVILEGED']),
    new RegExp(`${host.name('map')} +true`),
  );
});

test('CVE-2015-1340: owners on disk are what the container sees, and no file is chowned', {
  skip,
}, async () => {
  await busybox.make('own', MAP);
  const rootfs = host.rootfs('own');
  const before = statSync(join(rootfs, 'etc/passwd'));
  await host.ok('start', ['-n', '@own']);
  await host.inside('own', 'touch /root/by-root /tmp/by-user; chown 1000:1000 /tmp/by-user; mkdir /root/dir');
  const after = statSync(join(rootfs, 'etc/passwd'));
  assert.deepEqual([after.uid, after.gid, after.ctimeMs], [before.uid, before.gid, before.ctimeMs]);
  const owner = (path: string) => [statSync(join(rootfs, path)).uid, statSync(join(rootfs, path)).gid];
  assert.deepEqual(owner('root/by-root'), [0, 0]);
  assert.deepEqual(owner('root/dir'), [0, 0]);
  assert.deepEqual(owner('tmp/by-user'), [1000, 1000]);
  assert.equal(
    await host.inside('own', "stat -c '%u %g' /root/by-root /tmp/by-user /etc/passwd"),
    '0 0\n1000 1000\n0 0',
  );
  // The same tree without a map, and back.
  await host.kill('own');
  writeFileSync(
    host.config('own'),
    readFileSync(host.config('own'), 'utf8').replaceAll(/^lxc\.idmap.*$/gm, ''),
  );
  await host.ok('start', ['-n', '@own']);
  assert.equal(await host.inside('own', "stat -c '%u %g' /root/by-root /tmp/by-user"), '0 0\n1000 1000');
  assert.equal(
    await host.inside('own', 'cat /proc/self/uid_map').then((text) => text.replace(/\s+/g, ' ')),
    '0 0 4294967295',
  );
});

test('devices, shared memory, sysctl, hostname, mounts', { skip }, async () => {
  await busybox.start('dev', `${MAP}\nlxc.sysctl.net.ipv4.ip_forward = 1`);
  await host.inside(
    'dev',
    'echo x >/dev/null && head -c 10 /dev/zero >/dev/null && head -c 10 /dev/urandom >/dev/null',
  );
  assert.equal(await host.inside('dev', 'echo x >/dev/full 2>/dev/null || echo full'), 'full');
  for (const [name, numbers] of Object.entries({
    null: '1:3',
    zero: '1:5',
    full: '1:7',
    random: '1:8',
    urandom: '1:9',
    tty: '5:0',
  }))
    assert.equal(
      await host.inside('dev', `printf '%d:%d' $(stat -c '0x%t 0x%T' /dev/${name})`),
      numbers,
      `/dev/${name}`,
    );
  await host.inside(
    'dev',
    'echo y >/dev/shm/file && test -c /dev/console && test -c /dev/tty1 && test -c /dev/ptmx',
  );
  assert.equal(await host.inside('dev', 'cat /proc/sys/net/ipv4/ip_forward'), '1');
  await host.inside('dev', 'hostname changed && mount -t tmpfs tmpfs /mnt && touch /mnt/file && umount /mnt');
  await host.inside('dev', 'mkdir -p /mnt/a && mount --bind /etc /mnt/a && test -e /mnt/a/passwd');
  const denied = await host.tslxc('attach', ['-n', '@dev', '--', 'mknod', '/tmp/sda', 'b', '8', '0']);
  assert.notEqual(denied.code, 0, 'no device nodes in a user namespace');
  assert.notEqual(
    (await host.tslxc('attach', ['-n', '@dev', '--', 'sh', '-c', 'echo c >/proc/sysrq-trigger'])).code,
    0,
  );
});

test('attach as root and as a user, with a way to become root', { skip }, async () => {
  await busybox.start('who', MAP);
  assert.equal(await host.inside('who', 'id -u; id -G'), '0\n0');
  const user = await host.ok('attach', [
    '-n',
    '@who',
    '-u',
    '1000',
    '-g',
    '1000',
    '--',
    'sh',
    '-c',
    'id -u; id -g; id -G; cat /proc/self/status',
  ]);
  assert.match(user, /^1000\n1000\n1000\n/);
  assert.match(user, /^CapEff:\s+0+$/m);
  assert.match(user, /^CapInh:\s+0+$/m);
  const pid = await host.inside('who', 'sleep 60 >/dev/null 2>&1 & echo $!');
  assert.match(await host.inside('who', `cat /proc/${pid}/status`), /^Uid:\s+0\s/m);
  assert.match(await host.inside('who', 'grep CapEff /proc/self/status'), /[1-9a-f]/);
});

test('the network: a veth on a bridge, addresses, and the bridge answers', { skip }, async () => {
  const { name: bridge, net } = await host.bridge();
  await busybox.start(
    'net',
    `${MAP}\nlxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.flags = up\nlxc.net.0.ipv4.address = ${net}.2/24\nlxc.net.0.ipv4.gateway = ${net}.1\nlxc.net.0.name = lan0\nlxc.net.0.hwaddr = 02:00:00:aa:bb:01\nlxc.net.0.mtu = 1400`,
  );
  assert.match(
    await host.inside('net', 'ip addr show lan0'),
    new RegExp(`mtu 1400[\\s\\S]*02:00:00:aa:bb:01[\\s\\S]*inet ${net}.2/24`),
  );
  assert.match(await host.inside('net', 'ip route'), new RegExp(`default via ${net}.1 `));
  await host.inside('net', `ping -c 1 -W 5 ${net}.1`);
  assert.match(await host.ok('info', ['-n', '@net', '-i']), new RegExp(`IP: +${net}.2`));
  // The network namespace is owned by the user namespace: its root may change it.
  await host.inside('net', 'ip link set lan0 down && ip link set lan0 up && ip link add dummy9 type veth');
});

test('a reboot keeps the map', { skip }, async () => {
  await busybox.start('again', MAP);
  await host.ok('stop', ['-n', '@again', '-r']);
  assert.match(readFileSync(`/proc/${await host.initPid('again')}/uid_map`, 'utf8'), /100000/);
});

test('a bind mount of a host directory can be mapped too', { skip }, async () => {
  const shared = join(host.root, 'shared');
  mkdirSync(shared);
  writeFileSync(join(shared, 'file'), 'from the host');
  await busybox.start('bind', `${MAP}\nlxc.mount.entry = ${shared} mnt none bind,idmap=container 0 0`);
  assert.equal(
    await host.inside('bind', 'stat -c %u /mnt/file; cat /mnt/file; touch /mnt/new'),
    '0\nfrom the host',
  );
  assert.equal(statSync(join(shared, 'new')).uid, 0);
});

test("directories above that only the host's root may pass are no obstacle", { skip }, async () => {
  const closed = join(host.root, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const directory = join(closed, 'lxc');
  mkdirSync(directory);
  await busybox.make('deep', MAP, directory);
  const deep = ['-P', directory, '-n', '@deep'];
  await host.ok('start', deep);
  assert.equal(await host.ok('attach', [...deep, '--', 'cat', '/etc/hostname']), `${host.name('base')}\n`);
  await host.ok('stop', [...deep, '-r']);
  await host.ok('stop', [...deep, '-k']);
  await host.assertNothingLeft();
});

test('maps that cannot be', { skip }, async () => {
  const bad: Record<string, [string, RegExp]> = {
    half: [`${USERNS}\nlxc.idmap = u 0 100000 65536`, /config:\d+: lxc\.idmap: there is no group map/],
    overlap: [
      `${MAP}\nlxc.idmap = u 10 300000 10`,
      /config:\d+: .*"u 10 300000 10" overlaps "u 0 100000 65536"/,
    ],
    rootless: [`${USERNS}\nlxc.idmap = u 1000 100000 10\nlxc.idmap = g 1000 100000 10`, /idmap/],
    huge: [`${USERNS}\nlxc.idmap = u 0 4294967290 65536\nlxc.idmap = g 0 100000 65536`, /idmap/],
    words: [`${USERNS}\nlxc.idmap = u zero 100000 65536`, /config:\d+.*idmap/],
  };
  for (const [name, [config, message]] of Object.entries(bad)) {
    await busybox.make(name, config);
    const { code, stderr } = await host.tslxc('start', ['-n', `@${name}`]);
    assert.equal(code, 1, name);
    assert.match(stderr, message, name);
    assert.match(stderr, /hint:/, name);
    await host.assertNothingLeft();
  }
});

test('a map in several pieces, with a hole', { skip }, async () => {
  await busybox.start(
    'pieces',
    `${USERNS}\nlxc.idmap = b 0 100000 1000\nlxc.idmap = u 1000 1000 1\nlxc.idmap = u 1001 101001 60000\nlxc.idmap = g 1000 200000 5000`,
  );
  await host.inside('pieces', 'touch /tmp/f && chown 1000 /tmp/f');
  assert.equal(statSync(join(host.rootfs('pieces'), 'tmp/f')).uid, 1000);
  const refused = await host.tslxc('attach', ['-n', '@pieces', '--', 'chown', '64000', '/tmp/f']);
  assert.notEqual(refused.code, 0, 'an id that is not mapped');
});
