/** tslxc-checkconfig on this host, and on hosts that lack something. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostCheck } from '../../src/api/options.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';

const host = new ContainerHost();
const program = join(BIN, 'tslxc-checkconfig');

test('a host that runs containers', { skip }, async () => {
  const text = await host.ok('checkconfig');
  assert.match(text, /^Forks of this Node: enabled, 25 children, \d+ tried again, 0 failed$/m);
  assert.match(text, /^Containers can start here\.$/m);
  assert.doesNotMatch(text, /\x1b/);
  const check = JSON.parse(await host.ok('checkconfig', ['--json'])) as HostCheck;
  assert.equal(check.ready, true);
  for (const { name, status, cost, remedy } of check.items)
    assert.equal(status === 'enabled', cost === undefined && remedy === undefined, name);
  const missing = await host.ok('checkconfig', ['--missing']);
  assert.doesNotMatch(missing, /: enabled/);
});

test('colours on a terminal only, and not with NO_COLOR', { skip }, async () => {
  const shown = async (env: NodeJS.ProcessEnv) => {
    const terminal = host.terminal('checkconfig', [], { env });
    await terminal.until('start here');
    return terminal.output;
  };
  assert.match(await shown({}), /\x1b\[32menabled/);
  assert.doesNotMatch(await shown({ NO_COLOR: '1' }), /\x1b/);
});

test('without a capability, and without root, it fails and says why', { skip }, async () => {
  const options = { env: host.env };
  const drop = ['--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin', program];
  const confined = await run('setpriv', drop, options);
  assert.equal(confined.code, 1);
  assert.match(confined.stdout, /^Capabilities of root: required, it lacks sys_admin$/m);
  assert.match(confined.stdout, /^Containers cannot start here/m);
  const user = ['--reuid', '65534', '--clear-groups', program, '--json'];
  const nobody = await run('setpriv', user, { env: { ...host.env, HOME: '/' } });
  assert.equal(nobody.code, 1, nobody.stderr);
  const root = (JSON.parse(nobody.stdout) as HostCheck).items.find(({ name }) => name === 'Root');
  assert.deepEqual([root?.status, root?.remedy], ['missing', 'run it with sudo']);
});

test('the configuration of another kernel', { skip }, async () => {
  const file = join(host.root, 'config');
  writeFileSync(file, 'CONFIG_VETH=m\n# CONFIG_BRIDGE is not set\n');
  chmodSync(file, 0o644);
  const text = await host.ok('checkconfig', [], { env: { CONFIG: file } });
  assert.match(text, /^Veth pair device: enabled, not loaded$/m);
  assert.match(
    text,
    /^Bridges: missing\n {2}without it: .*\n {2}to get it: {2}a kernel with CONFIG_BRIDGE$/m,
  );
});
