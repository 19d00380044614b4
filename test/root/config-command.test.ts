/** tslxc-config set: what it changes in a file, what it leaves, and what comes of it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

test('a setting is written, read at the next start, and nothing else changes', { skip }, async () => {
  await busybox.make('set', '  # ours\nlxc.tty.max=2   \n\nlxc.environment = A=1\nlxc.environment = B=2');
  const file = host.config('set');
  const before = readFileSync(file, 'utf8');
  await host.ok('config', ['set', '-P', host.lxcpath, '@set', 'lxc.uts.name=renamed', 'lxc.environment=']);
  const after = readFileSync(file, 'utf8');
  const expected = before
    .replace('lxc.uts.name = set', 'lxc.uts.name = renamed')
    .replace('lxc.environment = A=1\nlxc.environment = B=2\n', '');
  assert.equal(after, expected);
  await host.ok('start', ['-n', '@set']);
  assert.equal(await host.inside('set', 'hostname'), 'renamed');

  for (const [setting, text] of [
    ['lxc.tty.mux=3', /did you mean lxc\.tty\.max/],
    ['lxc.tty.max=three', /lxc\.tty\.max: "three"/],
    ['lxc.uts.name=a\nlxc.hook.pre-start=/bin/evil', /control character \\x0a/],
    ['lxc.cap.keep=chown', /config:\d+:1: lxc\.cap\.keep cannot be set together with lxc\.cap\.drop/],
    ['lxc.net.7.veth.pair=x', /comes before the type of its interface/],
  ] as const) {
    const { code, stderr } = await host.tslxc('config', ['set', '-P', host.lxcpath, '@set', setting]);
    assert.equal(code, 1, setting);
    assert.match(stderr, text);
    assert.equal(readFileSync(file, 'utf8'), expected, 'the file is as it was');
  }
  // What was wrong before does not keep one from mending it, line by line.
  writeFileSync(file, `${expected}lxc.pty.max = many\nlxc.start.order = first\n`);
  await host.ok('config', ['set', '-P', host.lxcpath, '@set', 'lxc.pty.max=5']);
  assert.match(readFileSync(file, 'utf8'), /^lxc\.pty\.max = 5\nlxc\.start\.order = first\n$/m);
  assert.deepEqual(
    readdirSync(dirname(file)).filter((name) => name.includes('.new')),
    [],
  );
});

test('a container that is not there', { skip }, async () => {
  const { code, stderr } = await host.tslxc('config', ['set', '-P', host.lxcpath, '@none', 'lxc.tty.max=1']);
  assert.equal(code, 1);
  assert.match(stderr, /there is no such container/);
});
