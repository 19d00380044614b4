/** tslxc-execute: one program below an init of ours. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { descriptorsOf, isAlive, processesIn, statusField } from './harness/leftovers.ts';
import { BIN, type RunOptions, run } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
/** Ids that a map may use: those of a subordinate range that every host has (root's own). */
const MAPPED = 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536';

before(async () => {
  if (skip) return;
  await busybox.make('ex');
  await busybox.make('mapped', MAPPED);
});

const execute = (args: readonly string[], options?: RunOptions) =>
  host.tslxc('execute', ['-n', '@ex', ...args], options);
const sh = (script: string) => ['--', '/bin/sh', '-c', script];

async function printed(args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await execute(args, options);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

/** A client at work, whose program has said that it is ready. */
async function begun(script: string): Promise<{ client: ChildProcess; status: Promise<number | null> }> {
  const client = spawn(
    join(BIN, 'tslxc-execute'),
    ['-P', host.lxcpath, '-n', host.name('ex'), ...sh(script)],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...host.env },
    },
  );
  const status = new Promise<number | null>((done) => client.once('exit', done));
  await new Promise<void>((ready) => client.stdout!.once('data', () => ready()));
  return { client, status };
}

test('the program is process 2, with the caller’s streams; its status is ours', { skip }, async () => {
  const { code, stdout, stderr } = await execute(sh('cat; echo $$ $PPID >&2; test -t 0 || exit 5'), {
    input: 'some\0input',
  });
  assert.deepEqual([code, stdout, stderr], [5, 'some\0input', '2 1\n']);
  assert.equal((await execute(sh('kill -KILL $$'))).code, 137);
  assert.equal(await host.state('ex'), 'STOPPED');
});

test('descriptors of the caller stay outside, but for its three streams', { skip }, async () => {
  const script = `exec 7</; ${BIN}/tslxc-execute -P ${host.lxcpath} -n ${host.name('ex')} -- /bin/sh -c 'ls /proc/self/fd; ls /proc/self/fd/7/'; ls -d /proc/self/fd/7/etc`;
  const { stdout, stderr } = await run('/bin/sh', ['-c', script], { env: host.env });
  assert.doesNotMatch(stdout, /^7$/m);
  assert.match(stderr, /fd\/7\/: No such file/);
  assert.match(stdout, /fd\/7\/etc$/m, 'the control: the caller has it');
});

test('a program that is not there, or cannot be run', { skip }, async () => {
  const missing = await execute(['--', '/no/such/program']);
  assert.deepEqual(
    [missing.code, /the program \/no\/such\/program is not in the root/.test(missing.stderr)],
    [127, true],
  );
  writeFileSync(join(host.rootfs('ex'), 'text'), 'words', { mode: 0o755 });
  const text = await execute(['--', '/text']);
  assert.deepEqual([text.code, /not a program for this machine/.test(text.stderr)], [126, true]);
  const none = await execute([]);
  assert.deepEqual([none.code, /there is no program to run/.test(none.stderr)], [1, true]);
  const unknown = await host.tslxc('execute', ['-n', '@unknown', '--', '/bin/true']);
  assert.equal(unknown.code, 1);
});

test('lxc.execute.cmd, settings of the command line, ids', { skip }, async () => {
  covers('lxc.execute.cmd');
  assert.equal(await printed(['-s', 'lxc.execute.cmd=/bin/echo a "b  c"']), 'a b  c');
  assert.equal(await printed(['-s', 'lxc.execute.cmd=/bin/false', ...sh('echo this')]), 'this');
  assert.equal(await printed(['-s', 'lxc.uts.name=other', '--', 'hostname']), 'other');
  assert.equal(await printed(['-u', '1000', '-g', '1001', ...sh('id -u; id -g')]), '1000\n1001');
  assert.match(await printed(['-u', '7', '--', 'grep', 'CapEff', '/proc/self/status']), /\t0+$/);
});

test('a config of its own for a name that is not defined', { skip }, async () => {
  const file = join(host.root, 'app.conf');
  writeFileSync(file, readFileSync(host.config('ex'), 'utf8'));
  const { code, stdout, stderr } = await host.tslxc('execute', [
    '-n',
    '@app',
    '-f',
    file,
    '--',
    'echo',
    'hi',
  ]);
  assert.deepEqual([code, stdout], [0, 'hi\n'], stderr);
});

test('--share-net: the network of another container', { skip }, async () => {
  await busybox.start('other');
  const theirs = readlinkSync(`/proc/${await host.initPid('other')}/ns/net`);
  assert.equal(await printed(['--share-net', '@other', '--', 'readlink', '/proc/self/ns/net']), theirs);
});

test('with an id map', { skip }, async () => {
  const script = sh('id -u; cat /proc/self/uid_map; (sleep 0.2; echo late) & exit 3');
  const { code, stdout } = await host.tslxc('execute', ['-n', '@mapped', ...script]);
  assert.deepEqual([code, stdout.replace(/ +/g, ' ')], [3, '0\n 0 100000 65536\nlate\n']);
});

test('nothing is in the root filesystem but the program', { skip }, async () => {
  const directory = join(host.lxcpath, host.name('bare'));
  mkdirSync(join(directory, 'rootfs/bin'), { recursive: true });
  cpSync('/bin/busybox', join(directory, 'rootfs/bin/echo'), { dereference: true });
  const config = `lxc.rootfs.path = dir:${directory}/rootfs\nlxc.net.0.type = empty\n`;
  writeFileSync(join(directory, 'config'), config);
  const { code, stdout, stderr } = await host.tslxc('execute', ['-n', '@bare', '--', '/bin/echo', 'alone']);
  assert.deepEqual([code, stdout], [0, 'alone\n'], stderr);
});

test('it ends with its last process, and all are reaped', { skip }, async () => {
  const orphans = '(for i in 1 2 3; do (true &); done; sleep 0.5; ps -o stat; echo late) & exit 7';
  const { code, stdout } = await execute(sh(orphans));
  assert.equal(code, 7);
  assert.match(stdout, /late\n$/);
  assert.doesNotMatch(stdout, /Z/);
});

test('signals: INT and USR1 for the program, TERM and HUP for all', { skip }, async () => {
  const traps =
    'trap "exit 3" TERM; trap "exit 4" INT; trap "exit 6" USR1; echo ready; while :; do sleep 0.1; done';
  for (const [signal, code] of [
    ['SIGINT', 4],
    ['SIGUSR1', 6],
    ['SIGTERM', 3],
    ['SIGHUP', 3],
  ] as const) {
    const { client, status } = await begun(traps);
    client.kill(signal);
    assert.equal(await status, code, signal);
  }
});

test('who does not listen to TERM is killed a second later', { skip }, async () => {
  const { client, status } = await begun('trap "" TERM; echo ready; while :; do sleep 0.1; done');
  client.kill('SIGTERM');
  assert.equal(await status, 137);
});

test('a client that is killed takes the program along', { skip }, async () => {
  const { client } = await begun('echo ready; exec sleep 1234');
  const program = () => processesIn(host.mark).find(({ title }) => title === 'sleep 1234');
  await eventually('it sleeps', () => program() !== undefined);
  client.kill('SIGKILL');
  await eventually('it ends', () => program() === undefined);
});

test('-d: no input, output on the console, stop, attach', { skip }, async () => {
  const { code, stdout } = await execute(['-d', ...sh('cat; echo out; echo err >&2; exec sleep 1000')]);
  assert.deepEqual([code, stdout], [0, '']);
  await eventually('the output', async () =>
    /out\r?\nerr/.test(await host.ok('console', ['-n', '@ex', '--log'])),
  );
  assert.equal(await host.inside('ex', 'cat /proc/2/comm'), 'sleep');
  const second = await execute(['--', '/bin/true']);
  assert.deepEqual([second.code, /is running already/.test(second.stderr)], [1, true]);
  const begin = Date.now();
  await host.ok('stop', ['-n', '@ex']);
  assert.ok(Date.now() - begin < 20_000, 'by a signal that our init understands');
});

test('process 1 cannot be misused', { skip }, async () => {
  await execute(['-d', '--', 'sleep', '1000']);
  const pid = await host.initPid('ex');
  const loop = 'for s in SEGV ILL BUS FPE TRAP KILL STOP ABRT SYS QUIT; do kill -$s 1; done';
  const { code } = await host.tslxc('attach', ['-n', '@ex', '--', '/bin/sh', '-c', loop]);
  // Those that are passed on end the program, and so the container and the shell in it: no fault of process 1.
  assert.ok(code === 0 || code === 137, `${code}`);
  await execute(['-d', ...sh('trap "" ABRT SYS QUIT; sleep 1000 & wait; sleep 1000')]);
  const now = await host.initPid('ex');
  assert.deepEqual([...descriptorsOf(now).values()], ['anon_inode:[signalfd]'], `${pid}`);
  assert.match(statusField(now, 'CapEff'), /^0{14}20$/);
  const title = readFileSync(`/proc/${now}/cmdline`, 'latin1').replace(/\0+$/, '').trim();
  assert.equal(title, 'init');
  await host.inside('ex', 'for s in SEGV ILL BUS FPE TRAP KILL STOP; do kill -$s 1; done; true');
  assert.ok(isAlive(now));
});

test('on a terminal: the console, job control, Ctrl-C, window size', { skip }, async () => {
  const terminal = host.terminal('execute', ['-n', '@ex', '--', '/bin/sh'], { rows: 33, columns: 99 });
  await terminal.until(/[#$] /);
  assert.match(await terminal.shell('tty'), /^.dev.(console|pts.\d+)$/);
  await eventually('the size', async () => (await terminal.shell('stty size')) === '33 99');
  terminal.resize(44, 111);
  await eventually('the new size', async () => (await terminal.shell('stty size')) === '44 111');
  terminal.line('sleep 1000; echo status $?');
  await eventually('it sleeps', () => processesIn(host.mark).some(({ title }) => title === 'sleep 1000'));
  terminal.write('\x03');
  await terminal.until(/[#$] /);
  terminal.line('exit 9');
  assert.deepEqual(await terminal.ended, { code: 9, signal: null });
});

test('output to a pipe, the rest on the terminal', { skip }, async () => {
  const script = `${join(BIN, 'tslxc-execute')} -P ${host.lxcpath} -n ${host.name('ex')} -- \
/bin/sh -c 'tty >&2; for i in 0 1 2; do test -t $i && echo $i; done' | sed s/^/got/`;
  const terminal = host.command('/bin/sh', ['-c', script]);
  await terminal.ended;
  assert.match(terminal.output, /\/dev\/(console|pts)/);
  // Two ways to one terminal: what comes first is not said.
  assert.deepEqual(terminal.output.match(/got\d/g), ['got0', 'got2']);
});
