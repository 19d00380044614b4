/** What tslxc.conf says of new volumes, and -B by the tools' command lines. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { recorder } from '../storage/recorder.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BASE_ENV, BIN, run } from './harness/run-command.ts';

const host = new ContainerHost();
const TOOLS = ['lvs', 'vgs', 'lvcreate', 'lvremove', 'lvchange', 'zfs', 'rbd', 'mkfs.ext4'];

/** `lvs` says that there is the thin pool, and no volume yet. */
const fake = recorder(TOOLS, [
  ['lvs *lv_attr*', '  twi-aotz--'],
  ['lvs *-o lv_name *', 1],
  ['zfs list *tank/*', 1],
  ['rbd info *', 1],
]);
after(() => fake.remove());

/** Runs tslxc-create where the system file has these lines. */
async function create(short: string, system: string, ...args: string[]) {
  const file = join(host.root, 'tslxc.conf');
  writeFileSync(file, system);
  appendFileSync(join(host.root, 'empty.conf'), '');
  const script = `mkdir -p /etc/tslxc && mount -t tmpfs etc /etc/tslxc && cp ${file} /etc/tslxc/tslxc.conf && exec ${BIN}/tslxc-create "$@"`;
  const options = [
    '-P',
    host.lxcpath,
    '-n',
    host.name(short),
    '-t',
    'none',
    '-f',
    join(host.root, 'empty.conf'),
  ];
  const result = await run('unshare', ['-m', 'sh', '-c', script, 'sh', ...options, ...args], {
    env: { ...host.env, PATH: `${fake.path}:${BASE_ENV.PATH}` },
  });
  const config = host.config(short);
  return {
    ...result,
    calls: fake.calls(),
    path: existsSync(config)
      ? /^lxc\.rootfs\.path = (.*)$/m.exec(readFileSync(config, 'utf8'))?.[1]
      : undefined,
  };
}

test('lvm: group and thin pool of the system file, or those of the command line', { skip }, async () => {
  covers('lxc.bdev.lvm.vg', 'lxc.bdev.lvm.thin_pool');
  const system = 'lxc.bdev.lvm.vg = tank\nlxc.bdev.lvm.thin_pool = quick\n';
  const made = await create('one', system, '-B', 'lvm', '--fssize', '64');
  assert.equal(made.path, `lvm:/dev/tank/${host.name('one')}`, made.stderr);
  const line = `--virtualsize 67108864b --thinpool quick --name ${host.name('one')} tank`;
  assert.ok(
    made.calls.some((call) => call.startsWith('lvcreate ') && call.endsWith(line)),
    made.calls.join('\n'),
  );
  const options = ['--vgname', 'vg', '--lvname', 'lv', '--thinpool', 'slow'];
  const named = await create('two', system, '-B', 'lvm', ...options);
  assert.equal(named.path, 'lvm:/dev/vg/lv');
  assert.ok(named.calls.some((call) => /--thinpool slow --name lv vg$/.test(call)));
});

test('zfs: dataset of the system file', { skip }, async () => {
  covers('lxc.bdev.zfs.root');
  const made = await create('z', 'lxc.bdev.zfs.root = tank/guests\n', '-B', 'zfs', '--fssize', '1G');
  assert.equal(made.path, `zfs:tank/guests/${host.name('z')}`, made.stderr);
  assert.ok(made.calls.some((call) => call.startsWith('zfs create -p ')));
  const named = await create('y', '', '-B', 'zfs', '--zfsroot', 'tank/other');
  assert.equal(named.path, `zfs:tank/other/${host.name('y')}`);
});

test('rbd: pool and user of the system file', { skip }, async () => {
  covers('lxc.bdev.rbd.rbdpool', 'lxc.bdev.rbd.rbduser');
  const system = 'lxc.bdev.rbd.rbdpool = cold\nlxc.bdev.rbd.rbduser = me\n';
  const made = await create('r', system, '-B', 'rbd', '--rbdname', 'image');
  assert.equal(made.path, 'rbd:/dev/rbd/cold/image', made.stderr);
  assert.ok(made.calls.includes('rbd map cold/image --id me'), made.calls.join('\n'));
});

test('a volume that is there already is not touched', { skip }, async () => {
  const taken = recorder(TOOLS);
  const result = await host.tslxc(
    'create',
    ['-n', '@taken', '-t', 'none', '-B', 'lvm', '--vgname', 'vg', '-f', join(host.root, 'empty.conf')],
    { env: { PATH: `${taken.path}:${BASE_ENV.PATH}` } },
  );
  const calls = taken.calls();
  taken.remove();
  assert.equal(result.code, 1);
  assert.match(result.stderr, /\/dev\/vg\/\S+ exists already/);
  assert.ok(!calls.some((call) => /^(lvcreate|lvremove|mkfs)/.test(call)), calls.join('\n'));
  assert.ok(!existsSync(host.config('taken')));
});
