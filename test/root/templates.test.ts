/** The templates at work, as root: the systems that they make, and what they leave when they fail. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { findTemplate } from '../../src/template/find-template.ts';
import { runTemplate } from '../../src/template/run-template.ts';
import { makeRpmRepository, type RpmRepository } from '../template/rpm-repository.ts';
import { ContainerHost } from './harness/container-host.ts';
import { eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost();

const templatesDir = resolve(import.meta.dirname, '../../templates');
const folder = mkdtempSync(join(tmpdir(), 'tslxc-templates-'));
const cache = join(folder, 'cache');
after(() => rmSync(folder, { recursive: true, force: true }));

interface Made {
  readonly path: string;
  readonly rootfs: string;
  readonly steps: string[];
  readonly lines: string[];
  /** Keys and values of the config, in order. */
  readonly config: [string, string][];
  read(file: string): string;
}

/** Makes a container's directory as tslxc-create does, and lets a template fill it. */
async function make(
  template: string,
  name: string,
  args: string[] = [],
  {
    config = 'lxc.net.0.type = veth\n',
    env = {},
    signal,
  }: { config?: string; env?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Made> {
  const path = join(folder, name);
  const rootfs = join(path, 'rootfs');
  mkdirSync(rootfs, { recursive: true });
  writeFileSync(join(path, 'config'), `${config}lxc.rootfs.path = dir:${rootfs}\n`);
  const steps: string[] = [];
  const lines: string[] = [];
  await runTemplate({
    template: await findTemplate(template, templatesDir),
    path,
    name,
    rootfs,
    args,
    env: { TSLXC_CACHE_PATH: cache, ...env },
    onStep: (text) => steps.push(text),
    onLine: (text) => lines.push(text),
    ...(signal ? { signal } : {}),
  });
  const read = (file: string) => readFileSync(join(path, file), 'utf8');
  const pairs = read('config')
    .split('\n')
    .filter((line) => /^[a-z]/.test(line))
    .map((line) => line.split(/\s*=\s*(.*)/s).slice(0, 2) as [string, string]);
  return { path, rootfs, steps, lines, config: pairs, read };
}

async function failure(promise: Promise<unknown>): Promise<TslxcError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert(error instanceof TslxcError, 'it did not fail');
  assert.equal(error.code, 'TEMPLATE_FAILED');
  return error;
}

function value(made: Made, key: string): string | undefined {
  return made.config.findLast(([name]) => name === key)?.[1];
}

test('busybox: a system that has all to boot', async () => {
  const made = await make('busybox', 'bb');
  assert(statSync(join(made.rootfs, 'sbin/init')).isFile());
  assert.match(made.read('rootfs/etc/shadow'), /^root:\$6\$/);
  assert.match(made.lines.join('\n'), /password is 'root'/);
  assert.equal(made.read('rootfs/etc/hostname'), 'bb\n');
  assert.match(made.read('rootfs/etc/network.conf'), /DHCP_INTERFACES="eth0"/);
  assert.equal(value(made, 'lxc.uts.name'), 'bb');
  assert.equal(value(made, 'lxc.signal.halt'), 'SIGUSR1');
  assert.equal(value(made, 'lxc.include'), '/usr/share/tslxc/config/common.conf');
  assert.equal(made.config.filter(([key]) => key === 'lxc.rootfs.path').length, 1);
  const { stdout } = await execa('chroot', [
    made.rootfs,
    '/bin/sh',
    '-c',
    'cat /etc/hosts | grep bb; which udhcpc',
  ]);
  assert.match(stdout, /127\.0\.1\.1\s+bb/);
});

test("busybox: no DHCP client where the container has the host's network", async () => {
  const made = await make('busybox', 'bbnone', ['--root-password=x y'], {
    config: 'lxc.net.0.type = none\n',
  });
  assert.match(made.read('rootfs/etc/network.conf'), /DHCP_INTERFACES=""/);
  assert(!made.lines.join('\n').includes('x y'));
});

test('busybox: a binary that is not static is refused, and nothing stays', async () => {
  const error = await failure(make('busybox', 'bbdyn', ['--busybox-path', '/bin/ls']));
  assert.match(error.message, /\/bin\/ls is not a busybox/);
  assert.deepEqual(readdirSync(join(folder, 'bbdyn/rootfs')), []);
});

test("LXC's busybox template runs unchanged", async () => {
  const made = await make('/usr/share/lxc/templates/lxc-busybox', 'lxcbb');
  assert(existsSync(join(made.rootfs, 'bin/busybox')));
  assert.equal(value(made, 'lxc.signal.halt'), 'SIGUSR1');
});

test("debian: built once, copied after that, and LXC's template runs unchanged", async () => {
  const first = await make('debian', 'deb1', ['--root-password', 'geheim']);
  assert(first.steps.some((step) => step.includes('Downloading')));
  assert.match(first.read('rootfs/etc/shadow'), /^root:\$6\$/m);
  const started = Date.now();
  const second = await make('debian', 'deb2');
  assert(!second.steps.some((step) => step.includes('Downloading')), second.steps.join('\n'));
  assert(Date.now() - started < 20_000, 'the copy takes seconds');
  assert.match(second.lines.join('\n'), /root has no password/);
  assert.match(second.read('rootfs/etc/shadow'), /^root:[*!]/m);
  assert.equal(second.read('rootfs/etc/hostname'), 'deb2\n');
  assert.equal(second.read('rootfs/etc/machine-id'), '');
  assert.match(second.read('rootfs/etc/os-release'), /VERSION_CODENAME=bookworm/);
  assert.match(second.read('rootfs/etc/network/interfaces'), /iface eth0 inet dhcp/);
  assert.equal(value(second, 'lxc.uts.name'), 'deb2');
  assert.equal(value(second, 'lxc.tty.dir'), '');
  assert.equal(statSync(join(cache, 'debian')).mode & 0o777, 0o700);
  assert(existsSync(join(second.rootfs, 'lib/systemd/systemd')));

  // LXC's template finds its cache where it expects it; building it again would take a minute.
  const lxcCache = join(folder, 'lxc-cache/debian');
  mkdirSync(lxcCache, { recursive: true });
  const arch = readdirSync(join(cache, 'debian')).find((entry) => entry.startsWith('rootfs-bookworm-'))!;
  await execa('cp', ['-a', '--reflink=auto', join(cache, 'debian', arch), lxcCache]);
  const lxc = await make('/usr/share/lxc/templates/lxc-debian', 'lxcdeb', ['-r', 'bookworm'], {
    env: { LXC_CACHE_PATH: join(folder, 'lxc-cache') },
  });
  assert.equal(value(lxc, 'lxc.uts.name'), 'lxcdeb');
  assert(existsSync(join(lxc.rootfs, 'etc/network/interfaces')));
});

test('debian boots: every unit is up, each terminal has one login, and it shuts down by itself', async () => {
  const made = await make('debian', 'debboot');
  const lines = made.read('config').split('\n');
  const kept = lines.filter((line) => !/^lxc\.(net|rootfs\.path)/.test(line));
  mkdirSync(join(host.lxcpath, host.name('boots')));
  writeFileSync(
    host.config('boots'),
    [...kept, `lxc.rootfs.path = dir:${made.rootfs}`, 'lxc.net.0.type = empty', ''].join('\n'),
  );
  await host.ok('start', ['-n', '@boots']);
  const systemctl = async (...args: string[]) =>
    (
      await host.tslxc('attach', ['-n', '@boots', '--', 'systemctl', '--plain', '--no-legend', ...args])
    ).stdout.trim();
  const isUp = async () => /^(running|degraded)$/.test(await systemctl('is-system-running'));
  await eventually('it is up', isUp, seconds(60));
  assert.equal(await systemctl('--failed'), '');
  const logins = await eventually('five logins', async () => {
    const found = await systemctl('list-units', '--state=active', '*getty*.service');
    return found.split('\n').length === 5 ? found : '';
  });
  assert.match(logins, /^console-getty/m);
  await host.ok('stop', ['-n', '@boots', '-t', `${seconds(60) / 1000}`, '--nokill']);
});

test('debian: an interrupted build leaves no cache, no process and nothing in the root filesystem', async () => {
  const controller = new AbortController();
  const own = join(folder, 'cache-interrupted');
  const making = make('debian', 'debint', [], { env: { TSLXC_CACHE_PATH: own }, signal: controller.signal });
  for (let tries = 0; tries < 100; tries++) {
    const building =
      existsSync(join(own, 'debian')) &&
      readdirSync(join(own, 'debian')).some((entry) => entry.startsWith('.building'));
    if (building) break;
    await delay(100);
  }
  await delay(1500);
  controller.abort();
  assert.match((await failure(making)).message, /was interrupted/);
  assert.deepEqual(
    readdirSync(join(own, 'debian')).filter((entry) => !entry.endsWith('.lock')),
    [],
  );
  assert.deepEqual(readdirSync(join(folder, 'debint/rootfs')), []);
  const left = await execa('pgrep', ['-f', own], { reject: false });
  assert.equal(left.stdout, '');
});

test('debian: what a killed build left is removed, not used', async () => {
  const own = join(folder, 'cache-killed');
  const leftover = join(own, 'debian/.building-rootfs-nosuchrelease-amd64.2/bin');
  mkdirSync(leftover, { recursive: true });
  await execa('chmod', ['0700', join(own, 'debian')]);
  const error = await failure(
    make(
      'debian',
      'debkilled',
      ['-r', 'nosuchrelease', '-a', 'amd64', '--mirror', 'http://127.0.0.1:9/debian'],
      {
        env: { TSLXC_CACHE_PATH: own },
      },
    ),
  );
  assert.match(error.message, /127\.0\.0\.1:9/);
  assert(!existsSync(leftover));
});

test('debian: a cache that others can write to is not trusted', async () => {
  const own = join(folder, 'cache-open');
  mkdirSync(join(own, 'debian'), { recursive: true });
  await execa('chmod', ['0777', join(own, 'debian')]);
  const error = await failure(make('debian', 'debopen', [], { env: { TSLXC_CACHE_PATH: own } }));
  assert.match(error.message, /can be changed by others/);
});

let repository: RpmRepository;
before(async () => {
  repository = await makeRpmRepository(join(folder, 'rpm'), 19);
});
after(() => repository?.close());

test('debian: a release or an architecture that the mirror has not is named before anything is made', async () => {
  const mirror = join(folder, 'mirror');
  mkdirSync(join(mirror, 'dists/bookworm'), { recursive: true });
  writeFileSync(join(mirror, 'dists/bookworm/Release'), 'Origin: Debian\nArchitectures: all amd64 arm64\n');
  const asked = async (name: string, ...args: string[]) => {
    const own = join(folder, `cache-${name}`);
    const made = make('debian', name, [...args, '--mirror', `file:${mirror}`], {
      env: { TSLXC_CACHE_PATH: own },
    });
    const { message } = await failure(made);
    assert.deepEqual(
      readdirSync(join(own, 'debian')).filter((entry) => !entry.endsWith('.lock')),
      [],
    );
    return message.replace(/^.*\): /, '').replaceAll(mirror, 'MIRROR');
  };
  assert.equal(
    await asked('no-release', '-r', 'bokworm'),
    'there is no Debian release bokworm at file:MIRROR; did you mean bookworm? (known: bullseye bookworm trixie forky sid)',
  );
  assert.equal(
    await asked('no-arch', '-r', 'bookworm', '-a', 'arm65'),
    'Debian bookworm has no architecture arm65 at file:MIRROR; it has amd64 arm64',
  );
});

test('fedora: installs a release from a mirror, with signatures checked', async () => {
  const args = ['-R', '19', '--mirror', repository.mirror, '--gpg-key', repository.key];
  const made = await make('fedora', 'fed1', [
    ...args,
    '-P',
    'hello',
    '--fqdn',
    'fed1.example.test',
    '--mask-tmp',
  ]);
  assert.equal(made.read('rootfs/usr/bin/hello'), 'hello\n');
  assert.equal(made.read('rootfs/etc/hostname'), 'fed1.example.test\n');
  assert.equal(value(made, 'lxc.uts.name'), 'fed1.example.test');
  assert.match(made.read('rootfs/etc/shadow'), /^root:\$6\$[^:]*:0:/);
  assert.match(made.read('tmp_root_pass'), /^Root-fed1-[0-9a-f]{18}\n$/);
  assert.equal(statSync(join(made.path, 'tmp_root_pass')).mode & 0o777, 0o600);
  assert(!existsSync(join(made.rootfs, '.tslxc')));
  const installed = await execa('rpm', ['--root', made.rootfs, '--dbpath', '/var/lib/rpm', '-qa']);
  assert.match(installed.stdout, /^hello-19-1/m);
  assert(repository.requests.some((path) => path.includes('/releases/19/Everything/')));

  const before = repository.requests.length;
  const again = await make('fedora', 'fed2', [...args, '-P', 'hello']);
  assert.equal(repository.requests.length, before, 'the second one comes from the cache');
  assert.equal(again.read('rootfs/etc/hostname'), 'fed2\n');
});

test('CVE-2017-18641: a package with a foreign signature stops the creation of a fedora, and nothing stays', async () => {
  const args = ['-R19', '-M', repository.mirror, '--gpg-key', repository.key, '-P', 'evil'];
  const error = await failure(make('fedora', 'fedevil', args));
  assert.match(error.message, /Public key for evil-19-1\S* is not installed/);
  assert.deepEqual(readdirSync(join(folder, 'fedevil/rootfs')), []);
  assert.deepEqual(
    readdirSync(join(cache, 'fedora')).filter((entry) => entry.startsWith('.building')),
    [],
  );
});

test('fedora: one line names all missing tools', async () => {
  const args = ['-R', '19', '--mirror', repository.mirror];
  assert.match(
    (await failure(make('fedora', 'fed3', ['-R', '9999', '--mirror', repository.mirror]))).message,
    /distribution-gpg-keys/,
  );
  const noKey = await failure(make('fedora', 'fed4', [...args, '--gpg-key', '/nowhere']));
  assert.match(noKey.message, /the key \/nowhere cannot be read/);
  const noPackage = await failure(
    make('fedora', 'fed5', [...args, '--gpg-key', repository.key, '-P', 'nosuch']),
  );
  assert.match(noPackage.message, /Unable to find a match: nosuch/);
  assert.match((await failure(make('fedora', 'fed6', ['--rsync']))).message, /--rsync is not supported/);
  assert.match((await failure(make('fedora', 'fed7', ['-R', 'x']))).message, /release x is not a number/);
});

test('a clean removes what was built', async () => {
  await execa(join(templatesDir, 'tslxc-fedora'), ['--clean'], { env: { TSLXC_CACHE_PATH: cache } });
  assert.deepEqual(
    readdirSync(join(cache, 'fedora')).filter((entry) => !entry.endsWith('.lock')),
    [],
  );
});
