/** Configs that are given with -f and can be read only once: nothing of them is lost, then or later. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const MAPPED = 'lxc.net.0.type = empty\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n';
const settings = (name: string) =>
  readFileSync(host.config(name), 'utf8')
    .split('\n')
    .filter((line) => /^lxc\.(net|idmap)/.test(line))
    .map((line) => `${line}\n`)
    .join('');

/** `$CMD` and its arguments in bash, for `<(...)` and redirections. */
const bash = (script: string) =>
  promisify(execFile)('bash', ['-c', script], { env: { ...process.env, ...host.env }, cwd: host.root });
const command = (word: string, name: string) =>
  `${join(BIN, `tslxc-${word}`)} -P ${host.lxcpath} -n ${host.name(name)}`;

test('create -f takes all of a pipe, of <(...) and of a descriptor', { skip }, async () => {
  await host.ok('create', ['-n', '@stdin', '-t', 'none', '-f', '/dev/stdin'], { input: MAPPED });
  assert.equal(settings('stdin'), MAPPED);
  await bash(`${command('create', 'pipe')} -t none -f <(sleep 0.2; printf '${MAPPED}')`);
  assert.equal(settings('pipe'), MAPPED);
  await bash(`${command('create', 'fd')} -t none -f /proc/self/fd/9 9<<'E'\n${MAPPED}E`);
  assert.equal(settings('fd'), MAPPED);
});

test('start -f of a pipe: the text counts as long as the container runs', { skip }, async () => {
  await busybox.make('run');
  const config = `${readFileSync(host.config('run'), 'utf8')}\nlxc.start.auto = 1\nlxc.group = piped\n`;
  await host.ok('start', ['-n', '@run', '-f', '/dev/stdin'], { input: config });
  const listed = async () => {
    const { stdout, stderr } = await host.tslxc('ls', ['-F', 'state,autostart,groups', '--active']);
    assert.equal(stderr, '');
    return stdout.split('\n')[1]?.trim().split(/\s+/);
  };
  assert.deepEqual(await listed(), ['RUNNING', '1', 'piped']);
  const before = await host.initPid('run');
  await host.killProcesses(host.managerPid());
  await host.ok('stop', ['-n', '@run', '-r']);
  await eventually('a new init', async () => ![before, Number.NaN].includes(await host.initPid('run')));
  assert.deepEqual(await listed(), ['RUNNING', '1', 'piped'], 'after a reboot under another manager');
});

test('check and info read what the caller has open', { skip }, async () => {
  await busybox.make('asked');
  const fault = await bash(
    `${command('config', 'asked').replace(' -P', ' check -P')} -f <(echo lxc.foo = 1) 2>&1 || true`,
  );
  assert.match(fault.stdout, /\/dev\/fd\/\d+:1:1: there is no key "lxc.foo"/);
  const { stdout } = await bash(
    `${command('info', 'asked')} --rcfile /dev/fd/3 -c lxc.group -H 3< <(echo lxc.group = x)`,
  );
  assert.equal(stdout.trim(), 'x');
});
