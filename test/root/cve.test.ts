/** Holes that container managers have had with what they are told, with cgroups and sockets, by their numbers. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { processesIn } from './harness/leftovers.ts';
import { sh } from './harness/run-command.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const INIT = ['--', '/bin/sleep', '1000'];

test('CVE-2026-23953: a line break in a value adds no line to a config', { skip }, async () => {
  await busybox.make('newline');
  const { code, stderr } = await host.tslxc('start', [
    '-n',
    '@newline',
    '-s',
    'lxc.environment=A=b\nlxc.hook.pre-start = /bin/touch /tmp/evil',
    ...INIT,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /line break|newline|control/i);
  await host.assertNothingLeft();
  assert.equal(existsSync('/tmp/evil'), false);
  await host.ok('start', ['-n', '@newline', ...INIT]);
  const attached = await host.ok('attach', [
    '-n',
    '@newline',
    '-v',
    'A=b\nc',
    '--',
    '/bin/sh',
    '-c',
    'echo "$A"',
  ]);
  assert.equal(attached, 'b\nc\n', 'in a variable of a program it is only a character');
});

test('CVE-2016-3697, 2026-30892: users are numbers and nothing else', { skip }, async () => {
  await busybox.start('users', '', INIT);
  await host.inside('users', "echo '1000:x:0:0:evil:/root:/bin/sh' >>/etc/passwd");
  assert.equal(await host.ok('attach', ['-n', '@users', '-u', '1000', '--', 'id', '-u']), '1000\n');
  for (const user of ['1000x', 'root', '-1', '4294967295', '4294967296', '', ' 0', '0x10', '1e3'])
    assert.equal(
      (await host.tslxc('attach', ['-n', '@users', '-u', user, '--', 'id'])).code,
      1,
      JSON.stringify(user),
    );
});

test('CVE-2023-25809, 2022-0492, 2015-1342: no cgroup above its own can be written from inside', {
  skip,
}, async () => {
  await busybox.start(
    'cgroup',
    'lxc.mount.auto =\nlxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force',
    INIT,
  );
  const name = host.name('cgroup');
  const escaped = await host.inside(
    'cgroup',
    'find /sys/fs/cgroup -name release_agent 2>/dev/null | while read f; do echo /evil >$f 2>/dev/null && echo "$f written"; done; find /sys/fs/cgroup -maxdepth 2 -name "tslxc*"; true',
  );
  assert.equal(escaped, '');
  const agents = await sh('cat /sys/fs/cgroup/*/release_agent 2>/dev/null || true');
  assert.ok(!agents.includes('evil'));
  for (const { pid } of processesIn(name))
    assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(name));
});

test('CVE-2020-15257: no abstract sockets, and the real ones in a directory of our own', {
  skip,
}, async () => {
  await busybox.start('sockets', '', INIT);
  const ours = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(host.root));
  assert.ok(ours.length > 0);
  for (const line of ours) assert.doesNotMatch(line, / @/);
  assert.equal(statSync(host.rundir).mode & 0o077, 0);
});
