/** What an administrator installs: the npm package and the Debian packages, built, installed, used and removed. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { isRoot } from './harness/container-host.ts';
import { run } from './harness/run-command.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const skip = isRoot ? false : 'needs root';
const scratch = mkdtempSync(join(tmpdir(), 'tslxc-packages-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The output of a program that has to succeed. */
async function ok(command: string, ...args: string[]): Promise<string> {
  // npm knows the way to its registry from the environment.
  const { code, stdout, stderr } = await run(command, args, { env: process.env });
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

const commands = readdirSync(join(ROOT, 'bin'));

test('npm: the package has what runs, installs every command, and goes without a trace', {
  skip,
}, async () => {
  const packed = await ok(
    'sh',
    '-c',
    `cd ${ROOT} && npm pack --silent --ignore-scripts --pack-destination ${scratch}`,
  );
  const tarball = join(scratch, packed.trim());
  const files = (await ok('tar', '-tzf', tarball)).split('\n');
  for (const wanted of ['dist/cli.cjs', 'dist/tslxcd.cjs', 'templates/tslxc-busybox', 'config/common.conf'])
    assert.ok(files.includes(`package/${wanted}`), `${wanted} is missing`);
  for (const folder of ['src', 'test', '.ci', 'node_modules', 'packaging'])
    assert.ok(!files.some((file) => file.startsWith(`package/${folder}/`)), `${folder} is in the package`);

  const prefix = join(scratch, 'npm');
  await ok('npm', 'install', '--global', '--silent', '--no-audit', '--no-fund', '--prefix', prefix, tarball);
  assert.deepEqual(readdirSync(join(prefix, 'bin')).sort(), commands.sort());
  assert.match(await ok(join(prefix, 'bin/tslxc-ls'), '--version'), /\d+\.\d+\.\d+/);
  assert.match(await ok(join(prefix, 'bin/tslxc-ls'), '-P', scratch, '--json'), /^\s*\[/);
  await ok('npm', 'uninstall', '--global', '--silent', '--prefix', prefix, 'tslxc');
  assert.deepEqual(readdirSync(join(prefix, 'bin')), []);
  assert.ok(!existsSync(join(prefix, 'lib/node_modules/tslxc')));
});

/**
 * Runs a script in a copy of this host: its root filesystem below an overlay in memory, with mount, pid and network
 * namespaces of its own, so that dpkg and a manager change nothing here.
 */
async function inCopyOfHost(name: string, script: string): Promise<string> {
  const folder = join(scratch, name);
  for (const part of ['memory', 'root']) mkdirSync(join(folder, part), { recursive: true });
  const setUp = `
    set -e
    mount -t tmpfs none ${folder}/memory
    mkdir ${folder}/memory/upper ${folder}/memory/work
    mount -t overlay -o lowerdir=/,upperdir=${folder}/memory/upper,workdir=${folder}/memory/work overlay ${folder}/root
    for place in dev sys; do mount --rbind /$place ${folder}/root/$place; done
    mount -t proc proc ${folder}/root/proc
    for place in run tmp var/lib/tslxc; do mkdir -p ${folder}/root/$place; mount -t tmpfs none ${folder}/root/$place; done
    mkdir ${folder}/root/tmp/deb; mount --bind ${scratch} ${folder}/root/tmp/deb
    ip link set lo up
    exec chroot ${folder}/root sh -ec "$1"`;
  return await ok('unshare', '-mpfn', '--propagation', 'private', 'sh', '-c', setUp, 'sh', script);
}

test('Debian: install, use, upgrade, remove and purge', { skip }, async () => {
  await ok('node', join(ROOT, 'packaging/deb.mjs'), '--built', '--quick', '--output', scratch);
  const text = await inCopyOfHost(
    'tslxc',
    `
    export TSLXC_IDLE_SECONDS=1
    dpkg --force-depends -i /tmp/deb/tslxc_*.deb >/dev/null 2>/tmp/errors || { cat /tmp/errors; exit 1; }
    echo "version $(tslxc --version)"
    echo "page $(man -w tslxc-create)"
    echo "bash $(bash -c '. /usr/share/bash-completion/completions/tslxc-start; complete -p tslxc-start')"
    fish -c 'complete -C "tslxc-start --for"' | sed 's/^/fish /;s/\t.*//'
    tslxc-create -n web -t busybox >/dev/null
    tslxc-start -n web -s lxc.net.0.type=empty
    echo "attach $(tslxc-attach -n web -- hostname)"
    echo '# changed' >>/etc/tslxc/default.conf
    dpkg --force-depends --force-confdef --force-confold -i /tmp/deb/tslxc_*.deb >/dev/null 2>&1
    echo "kept $(tail -n 1 /etc/tslxc/default.conf)"
    echo "after $(tslxc-info -n web -s | tr -s ' ')"
    dpkg -r tslxc >/tmp/refused 2>&1 && echo 'removed with a container running'
    grep -q 'these containers run: web' /tmp/refused && echo 'refused by name'
    tslxc-stop -n web -k
    dpkg -r tslxc >/dev/null 2>&1
    ls /usr/bin | grep -c '^tslxc' || true
    dpkg -P tslxc >/dev/null 2>&1
    ls -d /etc/tslxc /etc/default/tslxc-net /usr/lib/tslxc /usr/share/tslxc /var/cache/tslxc 2>/dev/null || true
    echo "data $(ls /var/lib/tslxc)"
    `,
  );
  const lines = text.trim().split('\n');
  const said = (word: string) => lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
  assert.match(said('version') ?? '', /\d+\.\d+\.\d+/);
  assert.match(said('page') ?? '', /man1\/tslxc-create\.1/);
  assert.match(said('bash') ?? '', /complete .*tslxc-start/);
  assert.match(said('fish') ?? '', /--foreground/);
  assert.equal(said('attach'), 'web');
  assert.equal(said('kept'), '# changed');
  assert.equal(said('after'), 'State: RUNNING');
  assert.ok(!lines.includes('removed with a container running'));
  assert.ok(lines.includes('refused by name'));
  assert.deepEqual(lines.slice(lines.indexOf('refused by name') + 1), ['0', 'data web'], text);
});

test('Debian: tslxc-lxc takes the place of LXC', { skip }, async () => {
  const text = await inCopyOfHost(
    'lxc',
    `
    export TSLXC_IDLE_SECONDS=1
    dpkg --force-depends -r lxc lxc-templates >/dev/null 2>&1
    rm -rf /var/lib/lxc
    dpkg --force-depends -i /tmp/deb/*.deb >/dev/null 2>/tmp/errors || { cat /tmp/errors; exit 1; }
    lxc-create -n old -t busybox >/dev/null
    lxc-start -n old -s lxc.net.0.type=empty
    echo "state $(lxc-info -n old -sH)"
    echo "place $(ls /var/lib/lxc)"
    lxc-stop -n old -k
    lxc-destroy -n old
    `,
  );
  assert.match(text, /^state RUNNING$/m);
  assert.match(text, /^place old$/m);
});
