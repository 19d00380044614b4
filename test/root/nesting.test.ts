/** A container in a container, by nesting.conf: tslxc itself, at work inside. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, sh } from './harness/run-command.ts';
import { seconds } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const PROJECT = realpathSync(dirname(BIN));
const NODE = dirname(realpathSync(process.execPath));
const MAPPED = ['lxc.idmap = u 0 600000 65536', 'lxc.idmap = g 0 600000 65536'];

/** What is done inside: made, started, looked at, stopped. */
const SCRIPT = `
export PATH=/node:/usr/sbin:/usr/bin:/sbin:/bin
set -e
mkdir -p /var/lib/tslxc
echo 'lxc.net.0.type = empty' >/tmp/default.conf
for command in 'create -t busybox -f /tmp/default.conf' start; do
  /tslxc/bin/tslxc-\${command%% *} -n inner \${command#"\${command%% *}"} >/tmp/said 2>&1 || { cat /tmp/said; exit 1; }
done
/tslxc/bin/tslxc-attach -n inner -- sh -c 'hostname; grep -c . /proc/1/cgroup; echo x >/dev/null && test -c /dev/null && echo null'
/tslxc/bin/tslxc-ls --running
/tslxc/bin/tslxc-stop -n inner -k
/tslxc/bin/tslxc-ls --stopped
`;

/** A root filesystem that borrows the host's /usr, and so has all that is needed to run containers. */
function makeOuter(short: string, config: readonly string[]): void {
  const rootfs = host.rootfs(short);
  for (const name of ['usr', 'etc', 'dev', 'proc', 'sys', 'run', 'tmp', 'var/tmp', 'root', 'tslxc', 'node'])
    mkdirSync(join(rootfs, name), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(rootfs, name));
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:\n');
  const bind = (from: string, to: string) => `lxc.mount.entry = ${from} ${to} none bind,ro 0 0`;
  const shipped = join(PROJECT, 'config');
  writeFileSync(
    host.config(short),
    [
      `lxc.include = ${shipped}/common.conf`,
      `lxc.include = ${shipped}/nesting.conf`,
      `lxc.rootfs.path = ${rootfs}`,
      'lxc.uts.name = outer',
      'lxc.mount.auto = cgroup:rw:force',
      'lxc.net.0.type = empty',
      'lxc.init.cmd = /bin/sleep 10000',
      bind('/usr', 'usr'),
      bind(PROJECT, 'tslxc'),
      bind(NODE, 'node'),
      ...config,
    ].join('\n'),
  );
}

for (const [short, config] of [
  ['outer', []],
  ['mapped', MAPPED],
] as const)
  test(`a container in a ${short} container`, {
    skip: skip || (!existsSync('/usr/bin/busybox') && 'the template wants a static busybox'),
    timeout: seconds(60),
  }, async () => {
    mkdirSync(join(host.lxcpath, host.name(short)), { mode: 0o700 });
    makeOuter(short, config);
    await host.ok('start', ['-n', `@${short}`]);
    const said = await host.ok('attach', ['-n', `@${short}`, '--clear-env', '--', '/bin/sh', '-c', SCRIPT]);
    const [name, cgroups, device, running, stopped] = said.trim().split('\n');
    assert.deepEqual(
      [name, device, running?.trim(), stopped?.trim()],
      ['inner', 'null', 'inner', 'inner'],
      said,
    );
    assert.ok(Number(cgroups) > 0);
    // Of what happens inside, the host has nothing to see but the outer container's part.
    const mounts = await sh('cat /proc/self/mounts');
    assert.ok(!mounts.includes('inner'), mounts);
  });
