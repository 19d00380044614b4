/** Containers that LXC made on overlay, btrfs and loop: started, snapshotted and destroyed here. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ContainerHost, skip as noRoot } from './harness/container-host.ts';
import { run } from './harness/run-command.ts';
import { loopDevices, scratchFilesystem } from './storage-table.ts';

const skip = noRoot || (!existsSync('/usr/bin/lxc-start') && 'LXC is not installed');
const filesystem = skip ? undefined : scratchFilesystem(['mkfs.btrfs', '-q']);
const plain = new ContainerHost({ manual: true });
const btrfs = new ContainerHost({ manual: true, ...(filesystem ? { lxcpath: filesystem.path } : {}) });
after(async () => {
  for (const host of [plain, btrfs]) {
    await host.dispose();
    // LXC leaves the lock of each container directory behind.
    await run('rm', ['-rf', `/run/lxc/lock${host.root}`, `/run/lxc/lock${host.lxcpath}`]);
  }
  filesystem?.remove();
});

async function lxc(host: ContainerHost, command: string, short: string, ...args: string[]): Promise<void> {
  writeFileSync(join(plain.root, 'empty.conf'), 'lxc.net.0.type = empty\n');
  const options = ['-P', host.lxcpath, '-n', host.name(short), ...args];
  const { code, stdout, stderr } = await run(`lxc-${command}`, options);
  assert.equal(code, 0, `lxc-${command} ${args.join(' ')}: ${stderr}${stdout}`);
}

const lxcCreate = (host: ContainerHost, short: string, ...args: string[]) =>
  lxc(host, 'create', short, '-t', 'busybox', '-f', join(plain.root, 'empty.conf'), ...args);
const type = (host: ContainerHost, short: string) =>
  /^lxc\.rootfs\.path = (\w+):/m.exec(readFileSync(host.config(short), 'utf8'))?.[1];

/** Starts it, writes, snapshots, writes, restores and destroys it. */
async function lifeHere(host: ContainerHost, short: string): Promise<void> {
  const once = async (command: string) => {
    await host.ok('start', ['-n', `@${short}`]);
    const printed = await host.inside(short, command);
    await host.kill(short);
    return printed;
  };
  await once('echo 1 >/root/file');
  await host.ok('snapshot', ['-n', `@${short}`]);
  await once('echo 2 >/root/file');
  await host.ok('snapshot', ['-n', `@${short}`, '-r', 'snap0']);
  assert.equal(await once('cat /root/file'), '1');
  await host.ok('destroy', ['-n', `@${short}`, '-s']);
  assert.ok(!existsSync(join(host.lxcpath, host.name(short))));
}

test('overlay, by lxc-copy -s', { skip }, async () => {
  await lxcCreate(plain, 'base');
  await lxc(plain, 'copy', 'base', '-N', plain.name('over'), '-s');
  assert.match(type(plain, 'over')!, /^overlay/);
  const { code, stderr } = await plain.tslxc('destroy', ['-n', '@base']);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`needed by ${plain.name('over')}`));
  // What the clone stands on stays where LXC has noted it, whatever becomes of the original here.
  await plain.ok('snapshot', ['-n', '@base']);
  await plain.ok('start', ['-n', '@over']);
  await plain.kill('over');
  await plain.ok('copy', ['-n', '@base', '-N', plain.name('more'), '-s']);
  assert.match(type(plain, 'more')!, /^overlay/);
  await lifeHere(plain, 'more');
  await lifeHere(plain, 'over');
  await plain.ok('snapshot', ['-n', '@base', '-d', 'ALL']);
  await lifeHere(plain, 'base');
});

test('btrfs, and its snapshot by lxc-copy -s', { skip }, async () => {
  await lxcCreate(btrfs, 'base', '-B', 'btrfs');
  await lxc(btrfs, 'copy', 'base', '-N', btrfs.name('snap'), '-s');
  for (const short of ['base', 'snap']) assert.equal(type(btrfs, short), 'btrfs');
  // It stands on its own, although LXC has noted a dependence.
  await lifeHere(btrfs, 'base');
  await lifeHere(btrfs, 'snap');
  assert.deepEqual(
    readdirSync(btrfs.lxcpath).filter((name) => name.includes(btrfs.mark)),
    [],
  );
});

test('loop', { skip }, async () => {
  await lxcCreate(plain, 'image', '-B', 'loop', '--fssize', '64M');
  assert.equal(type(plain, 'image'), 'loop');
  await lifeHere(plain, 'image');
  assert.deepEqual(loopDevices(plain.lxcpath), []);
});
