/** The resident process: commands that bin/tslxc hands over end, print and fail as those that it does by itself. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, sh } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost();
/** An init that does not hear the halt signal: a stop waits. */
const DEAF = 'lxc.signal.halt = SIGWINCH';

const busybox = new Busybox(host);

const meeting = () => {
  const name = readdirSync(host.rundir).find((entry) => entry.startsWith('resident-'));
  return name && join(host.rundir, name);
};
const resident = () => host.processes().find(({ title }) => title.startsWith('tslxc-resident'))?.pid;
const isThere = () => {
  const directory = meeting();
  return directory !== undefined && readdirSync(directory).includes('requests');
};
const taken = () => readdirSync(meeting()!).filter((name) => name.endsWith('.taken'));

/** A command as a child of ours, that can be signalled. */
function begin(command: string, args: readonly string[]) {
  const child = spawn(join(BIN, `tslxc-${command}`), ['-P', host.lxcpath, ...args], {
    env: { ...process.env, ...host.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended };
}

test('what it answers is what a client of its own answers', { skip }, async () => {
  await busybox.start('r');
  await eventually('the resident process is there', isThere);
  const alone = { env: { TSLXC_RESIDENT: '0' } };
  for (const [command, ...args] of [
    ['info', '-n', '@r', '-s', '-p'],
    ['info', '-n', '@nosuch'],
    ['info', '--bad'],
    ['info', '--help'],
    ['ls', '-f'],
    ['ls', '-1', '--json'],
    ['stop', '-n', '@nosuch'],
    ['start', '-n', '@r'],
    ['start', '-n', '@r', '-F', '-d'],
    ['config', 'lxc.lxcpath'],
  ]) {
    const [there, here] = [await host.tslxc(command!, args), await host.tslxc(command!, args, alone)];
    const { code, signal, stdout, stderr } = here;
    assert.deepEqual(
      [there.code, there.signal, there.stdout, there.stderr],
      [code, signal, stdout, stderr],
      `${command} ${args.join(' ')}`,
    );
  }
  assert.deepEqual(taken(), []);
});

test('each command has its caller’s directory, environment and streams', { skip }, async () => {
  const program = join(BIN, 'tslxc-info');
  const environment = `TSLXC_RUNDIR=${host.rundir}`;
  // A path that is relative to where the caller is.
  const name = host.name('r');
  assert.match(await sh(`cd ${host.root} && ${environment} ${program} -P lxc -n ${name} -s`), /RUNNING/);
  // Appended behind what the file has; a pipe that nobody reads is no trouble.
  const file = join(host.root, 'out');
  await sh(`echo first >${file}; ${environment} ${program} -P ${host.lxcpath} -n ${name} -s -H >>${file}`);
  assert.equal(readFileSync(file, 'utf8'), 'first\nRUNNING\n');
  await sh(`${environment} ${program} -P ${host.lxcpath} -n ${name} | true`);
  assert.match(await sh(`${environment} ${program} -P ${host.lxcpath} -n ${name} -s`), /RUNNING/);
  // In another mount namespace, or with another umask, the caller does it by itself, and it works.
  assert.match(await sh(`${environment} unshare -m ${program} -P ${host.lxcpath} -n ${name} -s`), /RUNNING/);
});

test('signals end a command as they end a client of its own', { skip }, async () => {
  await busybox.start('deaf', DEAF);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { child, ended } = begin('stop', ['-n', host.name('deaf'), '-t', '600', '--nokill']);
    await eventually('it is at work', () => taken().length === 1);
    await new Promise((done) => setTimeout(done, 300));
    child.kill(signal);
    assert.deepEqual(await ended, { code: null, signal });
    await eventually('its slot is free', () => taken().length === 0);
  }
  const { child, ended } = begin('stop', ['-n', host.name('deaf'), '-t', '600', '--nokill']);
  await eventually('it is at work', () => taken().length === 1);
  await new Promise((done) => setTimeout(done, 300));
  child.kill('SIGKILL');
  await ended;
  await eventually('a killed caller’s slot is free', () => taken().length === 0);
  await host.kill('deaf');
});

test('it is killed: who waits is told, the next command does without it', { skip }, async () => {
  await busybox.start('deaf2', DEAF);
  const { child, ended } = begin('stop', ['-n', host.name('deaf2'), '-t', '600', '--nokill']);
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  await eventually('it is at work', () => taken().length === 1);
  await new Promise((done) => setTimeout(done, 300));
  await host.killProcesses(resident());
  assert.deepEqual(await ended, { code: 1, signal: null });
  assert.match(said, /was killed\n {2}hint: /);
  assert.equal(await host.state('r'), 'RUNNING');
  await host.kill('deaf2');
  await host.kill('r');
});
