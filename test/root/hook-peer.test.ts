/** The same hooks under lxc-start and tslxc-start: their order, their arguments, their variables. And what only ours do. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';
import { eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const record = join(host.root, 'record');
const peer = existsSync('/usr/bin/lxc-start');
const TYPES = ['pre-start', 'pre-mount', 'mount', 'autodev', 'start-host', 'stop', 'post-stop'];
const SHIPPED = join(import.meta.dirname, '../../config');
const INIT = ['--', '/bin/sleep', '1000'];

/** One line a hook: its arguments, then the names of its LXC_ variables and those values that are the same for both. */
const BODY = `#!/bin/sh
vars=$(env | sed -n 's/^\\(LXC_[A-Z_]*\\)=.*/\\1/p' | sort | tr '\\n' ' ')
echo "[$*] $vars type=$LXC_HOOK_TYPE section=$LXC_HOOK_SECTION target=$LXC_TARGET cwd=$(pwd)" >>`;

function script(path: string, text: string): string {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);

/**
 * Numbers of processes and descriptors are of no interest. LXC leaves the variables of the namespaces to post-stop hooks,
 * when the descriptors are long closed; here they are gone as well.
 */
function comparable(line: string): string {
  const text = line.replace(/\/proc\/\d+\/fd\/\d+/g, '/proc');
  return line.includes('post-stop') ? text.replace(/LXC_\w+_NS /g, '') : text;
}

for (const version of [0, 1])
  test(`version ${version}: order, arguments and variables are LXC's`, {
    skip: skip || (!peer && 'LXC is not installed'),
  }, async () => {
    covers('lxc.hook.version');
    covers('lxc.hook.stop', 'lxc.hook.start', 'lxc.hook.autodev');
    const name = `peer${version}`;
    const note = script(join(host.root, `note${version}`), `${BODY}${record}\n`);
    await busybox.make(
      name,
      [
        ...TYPES.map((type) => `lxc.hook.${type} = ${note}`),
        'lxc.hook.start = /root/note',
        `lxc.hook.version = ${version}`,
        // Where common.conf names it there is nothing until we are installed: LXC minds.
        `lxc.seccomp.profile = ${SHIPPED}/common.seccomp`,
        'lxc.log.level = DEBUG',
        `lxc.log.file = ${host.root}/peer.log`,
      ].join('\n'),
    );
    // LXC looks for the shipped configs where they are installed; here they may not be.
    const config = readFileSync(host.config(name), 'utf8');
    writeFileSync(host.config(name), config.replaceAll('/usr/share/tslxc/config', SHIPPED));
    const inner = join(host.rootfs(name), 'root/record');
    script(join(host.rootfs(name), 'root/note'), `${BODY}/root/record\n`);
    const seen = async (start: () => Promise<unknown>, stop: () => Promise<unknown>) => {
      rmSync(record, { force: true });
      rmSync(inner, { force: true });
      await start();
      await stop();
      await eventually('the last hook', () => lines(record).length >= TYPES.length, seconds(30));
      return [...lines(record), ...lines(inner)].map(comparable);
    };
    const theirs = ['-P', host.lxcpath, '-n', host.name(name)];
    const lxc = await seen(
      async () => {
        const { code, stderr } = await run('lxc-start', [...theirs, ...INIT]);
        assert.equal(code, 0, stderr);
      },
      () => run('lxc-stop', [...theirs, '-k']),
    );
    const ours = await seen(
      () => host.ok('start', ['-n', `@${name}`, ...INIT]),
      () => host.kill(name),
    );
    assert.deepEqual(ours, lxc);
  });

for (const version of [0, 1])
  test(`version ${version}: clone and destroy hooks are LXC's`, {
    skip: skip || (!peer && 'LXC is not installed'),
  }, async () => {
    covers('lxc.hook.clone', 'lxc.hook.destroy');
    const name = `copied${version}`;
    const note = script(join(host.root, `copy-note${version}`), `${BODY}${record}\n`);
    await busybox.make(
      name,
      `lxc.hook.version = ${version}\nlxc.hook.clone = ${note}\nlxc.hook.destroy = ${note}`,
    );
    const config = readFileSync(host.config(name), 'utf8');
    writeFileSync(host.config(name), config.replaceAll('/usr/share/tslxc/config', SHIPPED));
    const copy = ['-P', host.lxcpath, '-n', host.name(name), '-N', host.name('copy'), '--', 'one', 'two'];
    const seen = async (prefix: string) => {
      rmSync(record, { force: true });
      for (const [command, args] of [
        ['copy', copy],
        ['destroy', ['-P', host.lxcpath, '-n', host.name('copy')]],
      ] as const) {
        const { code, stderr } = await run(`${prefix}${command}`, args, { env: host.env });
        assert.equal(code, 0, stderr);
      }
      // Ours say of themselves what LXC says to the hooks of a start only.
      return lines(record).map((line) => line.replace(/LXC_(CGNS_AWARE|HOOK_VERSION) /g, ''));
    };
    assert.deepEqual(await seen(join(BIN, 'tslxc-')), await seen('/usr/bin/lxc-'));
  });

test('a stop hook can look into the namespaces of a container that has ended', { skip }, async () => {
  const look = script(
    join(host.root, 'look'),
    `#!/bin/sh\necho "$(readlink $LXC_NET_NS) $(nsenter --uts=$LXC_UTS_NS hostname) $*" >${record}\n`,
  );
  rmSync(record, { force: true });
  await busybox.start('held', `lxc.hook.stop = ${look}\nlxc.uts.name = inside-name`, INIT);
  const net = await host.inside('held', 'readlink /proc/self/ns/net');
  await host.kill('held');
  const [seen = ''] = await eventually('the hook', () =>
    lines(record).length > 0 ? lines(record) : undefined,
  );
  assert.ok(seen.startsWith(`${net} inside-name `), seen);
  assert.match(seen, / mnt:\/proc\/\d+\/fd\/\d+ /);
});

test('a post-stop hook that fails cancels a reboot', { skip }, async () => {
  covers('lxc.hook.post-stop', 'lxc.log.level', 'lxc.log.file');
  const file = join(host.root, 'cancel.log');
  await busybox.start(
    'cancel',
    `lxc.hook.post-stop = echo no more >&2; exit 3;\nlxc.log.file = ${file}\nlxc.log.level = DEBUG`,
  );
  await host.tslxc('stop', ['-n', '@cancel', '-r']);
  await eventually('it stays down', async () => (await host.state('cancel')) === 'STOPPED');
  const text = readFileSync(file, 'utf8');
  assert.match(text, / DEBUG +hook post-stop: no more$/m);
  assert.match(text, / ERROR +hook post-stop: .*status 3: no more \(.*config:\d+\)$/m);
  assert.match(text, / ERROR +the reboot is cancelled/);
  for (const line of text.trim().split('\n')) assert.match(line, /^tslxc \S+cancel [\d.]{18} [A-Z]+ +\S/);
});
