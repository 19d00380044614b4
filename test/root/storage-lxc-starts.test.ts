/** LXC starts containers that we have put on layers. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContainerHost, skip } from './harness/container-host.ts';
import { run } from './harness/run-command.ts';

const host = new ContainerHost();
const directory = (short: string) => join(host.lxcpath, host.name(short));
const rootfsOf = (place: string) =>
  /^lxc\.rootfs\.path = (.*)$/m.exec(readFileSync(join(place, 'config'), 'utf8'))![1]!;

async function lxc(command: string, args: readonly string[]): Promise<string> {
  const named = args.map((arg) => (/^@\w+$/.test(arg) ? host.name(arg.slice(1)) : arg));
  const { code, stdout, stderr } = await run(`/usr/bin/lxc-${command}`, ['-P', host.lxcpath, ...named]);
  assert.equal(code, 0, `lxc-${command} ${named.join(' ')}: ${stderr}`);
  return stdout;
}

const peer = skip || (existsSync('/usr/bin/lxc-copy') ? false : 'LXC is not installed');

test('LXC starts what stands on layers', { skip: peer }, async () => {
  const config = join(host.root, 'lxc.conf');
  writeFileSync(config, 'lxc.net.0.type = empty\n');
  await lxc('create', ['-n', '@layered', '-t', 'busybox', '-f', config]);
  await host.ok('snapshot', ['-n', '@layered']);
  assert.match(rootfsOf(directory('layered')), /^overlay:.*\.layers/);
  await lxc('start', ['-n', '@layered']);
  try {
    const { stdout } = await run('/usr/bin/lxc-attach', [
      ...['-P', host.lxcpath, '-n', host.name('layered'), '--', 'hostname'],
    ]);
    assert.equal(stdout.trim(), host.name('layered'));
  } finally {
    await lxc('stop', ['-n', '@layered', '-k']);
  }
  await host.ok('destroy', ['-n', '@layered', '-s']);
});
