/** The shipped systemd units: containers come up with them, and go down with them in reverse order. Only with systemd. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, isRoot } from './harness/container-host.ts';
import { run, sh } from './harness/run-command.ts';
import { eventually, seconds } from './harness/slow.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const UNITS = '/run/systemd/system';
const skip = !isRoot ? 'needs root' : existsSync('/run/systemd/system') ? false : 'needs systemd';

/** Not the host's mark: what is named so is a container's. */
const mark = `tslxctest${process.pid}`;
const installed: string[] = [];
after(async () => {
  for (const unit of installed) await run('systemctl', ['disable', '--runtime', '--now', unit]);
  for (const unit of installed) rmSync(join(UNITS, unit), { force: true });
  if (installed.length > 0) await run('systemctl', ['daemon-reload']);
});
const host = new ContainerHost();
const busybox = new Busybox(host);

/** The units under other names, for this checkout, run directory and container directory. */
async function install(): Promise<void> {
  const settings = {
    TSLXC_RUNDIR: host.rundir,
    OPTIONS: `-P ${host.lxcpath}`,
    PATHOPTS: `-P ${host.lxcpath}`,
    STOPOPTS: `-a -A -s -P ${host.lxcpath}`,
    SHUTDOWNDELAY: '30',
  };
  const lines = Object.entries(settings).map(([name, value]) => `Environment="${name}=${value}"\n`);
  mkdirSync(UNITS, { recursive: true });
  for (const file of readdirSync(join(ROOT, 'config/systemd'))) {
    const text = readFileSync(join(ROOT, 'config/systemd', file), 'utf8')
      .replaceAll('/usr/share/tslxc', ROOT)
      .replaceAll(/\btslxc(d|@|-net)?(?=\.service)/g, `${mark}$1`)
      .replace(/^EnvironmentFile=.*$/m, '')
      .replace(/^\[Install\]/m, `[Service]\n${lines.join('')}\n[Install]`);
    const unit = file.replace('tslxc', mark);
    installed.push(unit);
    writeFileSync(join(UNITS, unit), text);
  }
  await sh('systemctl daemon-reload');
}

const running = async () =>
  (await host.ok('ls', ['-1', '--running'])).replaceAll(`${host.mark}-`, '').trim().split('\n').join(' ');
const isActive = async (unit: string) => (await run('systemctl', ['is-active', unit])).stdout.trim();

test('systemd understands them', { skip }, async () => {
  await install();
  const { stdout, stderr } = await run('systemd-analyze', [
    'verify',
    '--man=no',
    join(UNITS, `${mark}.service`),
  ]);
  assert.equal(stdout.trim(), '');
  assert.equal(
    stderr
      .split('\n')
      .filter((line) => line.includes(mark))
      .join('\n'),
    '',
  );
});

test('enable --now, stop, start: marked containers come up, all go down', { skip }, async () => {
  const order = join(host.root, 'order');
  const noted = `lxc.hook.post-stop = sh -c 'echo $LXC_NAME >>${order}' x`;
  await busybox.make('first', `lxc.start.auto = 1\nlxc.start.order = 1\n${noted}`);
  await busybox.make('second', `lxc.start.auto = 1\nlxc.start.order = 2\nlxc.group = onboot\n${noted}`);
  await busybox.make('other', `lxc.start.auto = 1\nlxc.group = elsewhere\n`);
  await busybox.make('hand', noted);
  await sh(`systemctl enable --runtime --now ${mark}.service`);
  assert.equal(await isActive(`${mark}.service`), 'active');
  assert.equal(await isActive(`${mark}d.service`), 'active', 'the manager has a unit of its own');
  assert.equal(await running(), 'first second');
  await host.ok('start', ['-n', '@hand']);
  await sh(`systemctl stop ${mark}.service`);
  assert.equal(await running(), '');
  const names = readFileSync(order, 'utf8').replaceAll(`${host.mark}-`, '').trim().split('\n');
  assert.deepEqual(names.slice().sort(), ['first', 'hand', 'second']);
  assert.ok(names.indexOf('second') < names.indexOf('first'), `in reverse order: ${names}`);
  await sh(`systemctl start ${mark}.service`);
  assert.equal(await running(), 'first second');
  await sh(`systemctl restart ${mark}d.service`);
  assert.equal(await running(), 'first second', 'they outlive their manager');
  await sh(`systemctl stop ${mark}.service`);
  assert.equal(await running(), '');
});

test('the default bridge by its unit: it comes and goes with it, and its DHCP server stays in it', {
  skip,
}, async () => {
  const unit = `${mark}-net.service`;
  const bridge = `tn${process.pid}`;
  const settings = join(host.root, 'net');
  writeFileSync(settings, `TSLXC_BRIDGE="${bridge}"\nTSLXC_ADDR="10.231.77.1"\n`);
  const drop = join(UNITS, `${unit}.d`);
  // systemd makes an empty one to bind ours to.
  const madeByUs = !existsSync('/etc/default/tslxc-net');
  mkdirSync(drop);
  try {
    writeFileSync(
      join(drop, 'settings.conf'),
      `[Service]\nBindReadOnlyPaths=${settings}:/etc/default/tslxc-net\n`,
    );
    await sh('systemctl daemon-reload');
    const started = await run('systemctl', ['start', unit]);
    assert.equal(started.code, 0, (await run('journalctl', ['-u', unit, '--no-pager'])).stdout);
    assert.match((await run('ip', ['-4', 'addr', 'show', bridge])).stdout, /10\.231\.77\.1\/24/);
    assert.match((await run('systemctl', ['status', unit, '--no-pager'])).stdout, /dnsmasq/);
    assert.equal((await run('systemctl', ['stop', unit])).code, 0);
    assert.notEqual((await run('ip', ['link', 'show', bridge])).code, 0, 'the bridge has gone');
    assert.doesNotMatch((await run('ps', ['-eo', 'args'])).stdout, new RegExp(`dnsmasq.*${bridge}`));
  } finally {
    await run('systemctl', ['stop', unit]);
    rmSync(drop, { recursive: true });
    if (madeByUs) rmSync('/etc/default/tslxc-net', { force: true });
  }
});

test('a unit for one container: it ends when the container does', { skip }, async () => {
  const unit = `${mark}@${host.name('hand')}.service`;
  const start = () => run('systemctl', ['start', unit]);
  assert.equal((await start()).code, 0);
  await eventually('it runs', async () => (await running()) === 'hand', seconds(30));
  assert.equal(await isActive(unit), 'active');
  await run('systemctl', ['stop', unit]);
  assert.equal(await running(), '');
  assert.equal(await isActive(unit), 'inactive');
  await start();
  await eventually('it runs again', async () => (await running()) === 'hand', seconds(30));
  // It may be killed in the middle of its own doing.
  await host.tslxc('attach', ['-n', '@hand', '--', 'poweroff']);
  await eventually('the unit has ended', async () => (await isActive(unit)) !== 'active', seconds(60));
});
