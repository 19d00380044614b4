/** Consoles and ttys as a person at a terminal meets them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { descriptorsOf } from './harness/leftovers.ts';
import type { Terminal } from './harness/pty.ts';
import { delay, eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);

before(async () => {
  if (!skip) await busybox.make('tty', 'lxc.tty.max = 2');
});

const start = (...args: string[]) => host.ok('start', ['-n', '@tty', ...args]);
const console = (...args: string[]): Terminal => host.terminal('console', ['-n', '@tty', ...args]);
const LEAVE = '\x01q';

async function leave(terminal: Terminal, keys = LEAVE): Promise<void> {
  terminal.write(keys);
  assert.deepEqual(await terminal.ended, { code: 0, signal: null });
}

test('the first free tty: banner, login, a shell, Ctrl-a q', { skip }, async () => {
  await start();
  const terminal = console();
  assert.match(
    await terminal.until('Ctrl+a itself'),
    /Connected to tty 1\r?\nType <Ctrl\+a q> to exit the console/,
  );
  terminal.write('\r');
  await terminal.login();
  assert.equal(await terminal.shell('tty'), '/dev/tty1');
  assert.equal(await terminal.shell('id -u; echo $TERM'), '0\nvt102');
  assert.equal(
    await terminal
      .shell('ps -o tty= -o comm= 2>/dev/null | head -1; cat /proc/self/stat | cut -d" " -f7')
      .then((t) => t !== ''),
    true,
  );
  await leave(terminal);
  // The session goes on; who comes next finds it.
  const again = console('-t', '1');
  await again.until('Ctrl+a itself');
  again.line('echo still $((40+2))');
  await again.until('still 42');
  await leave(again);
});

test('Ctrl-c is a key for the guest, Ctrl-a Ctrl-a is Ctrl-a', { skip }, async () => {
  await start();
  const terminal = console();
  terminal.write('\r');
  await terminal.login();
  terminal.line('sleep 1000; echo status $?');
  await delay(300);
  terminal.write('\x03');
  await terminal.until(/[#$] /);
  assert.equal(await terminal.shell('echo alive'), 'alive');
  terminal.line('stty -icanon -echo -isig; dd bs=1 count=1 2>/dev/null | hexdump -C; stty icanon echo isig');
  await delay(300);
  terminal.write('\x01\x01');
  await terminal.until(/00000000 {2}01 /);
  await leave(terminal);
});

test('-e: another escape', { skip }, async () => {
  await start();
  const terminal = console('-e', '^b');
  await terminal.until('Type <Ctrl+b q>');
  terminal.write('\x01q');
  await delay(300);
  assert.equal(terminal.child.exitCode, null, 'Ctrl-a is a key like others');
  await leave(terminal, '\x02q');
});

test('two at once, and a third finds all in use', { skip }, async () => {
  await start();
  const first = console();
  await first.until('Connected to tty 1');
  const second = console();
  await second.until('Connected to tty 2');
  for (const args of [[], ['-t', '1'], ['-t', '2']]) {
    const { code, stderr } = await host.tslxc('console', ['-n', '@tty', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, args.length > 0 ? /in use|busy/ : /all .*(in use|busy)/);
  }
  const beyond = await host.tslxc('console', ['-n', '@tty', '-t', '3']);
  assert.equal(beyond.code, 1);
  assert.match(beyond.stderr, /no tty 3.*has 2/);
  first.write('\r');
  second.write('\r');
  await first.login();
  await second.login();
  assert.equal(await first.shell('tty'), '/dev/tty1');
  assert.equal(await second.shell('tty'), '/dev/tty2');
  await leave(first);
  const third = console();
  await third.until('Connected to tty 1');
  await leave(third);
  await leave(second);
});

test('a client that is killed gives its tty back', { skip }, async () => {
  await start();
  const first = console('-t', '2');
  await first.until('Connected to tty 2');
  first.child.kill('SIGKILL');
  await first.ended;
  await eventually('tty 2 is free', async () => {
    const next = console('-t', '2');
    const shown = await next.until(/Connected to tty 2|in use|busy/);
    next.close();
    return /Connected/.test(shown);
  });
});

test('the size of the window: at the beginning and when it changes', { skip }, async () => {
  await start();
  const terminal = host.terminal('console', ['-n', '@tty'], { rows: 33, columns: 111 });
  terminal.write('\r');
  await terminal.login();
  assert.equal(await terminal.shell('stty size'), '33 111');
  await terminal.shell("trap 'echo changed' WINCH");
  terminal.resize(44, 77);
  await eventually(
    'the guest sees the new size',
    async () => (await terminal.shell('stty size')) === '44 77',
  );
  await leave(terminal);
});

test('-t 0: the console, with what was shown before', { skip }, async () => {
  await start();
  await delay(500);
  const terminal = console('-t', '0');
  await terminal.until('login: ');
  terminal.line('root');
  await terminal.until('assword: ');
  terminal.line('root');
  await terminal.until(/[#$] /);
  assert.equal(await terminal.shell('tty'), '/dev/console');
  // Others may look on and type.
  const other = console('-t', '0');
  await other.until('/dev/console');
  other.line('echo from the other');
  await terminal.until('\nfrom the other');
  terminal.resize(20, 60);
  await eventually('its size', async () => (await terminal.shell('stty size')) === '20 60');
  await leave(other);
  await leave(terminal);
});

test('-F: boot messages, login, then poweroff ends the command', { skip }, async () => {
  const terminal = host.terminal('start', ['-n', '@tty', '-F'], { rows: 30, columns: 100 });
  await terminal.login();
  assert.equal(await terminal.shell('tty; stty size'), '/dev/console\n30 100');
  terminal.line('poweroff');
  const { code } = await terminal.ended;
  assert.equal(code, 0, terminal.output);
  assert.equal(await host.state('tty'), 'STOPPED');
});

test('-F stays through a reboot', { skip }, async () => {
  const terminal = host.terminal('start', ['-n', '@tty', '-F']);
  await terminal.login();
  const before = await host.initPid('tty');
  terminal.line('reboot');
  await terminal.login();
  assert.notEqual(await host.initPid('tty'), before);
  assert.equal(await terminal.shell('echo $((6*7))'), '42');
  await host.kill('tty');
  const { code } = await terminal.ended;
  assert.equal(code, 137);
});

test('-F: the escape leaves the terminal, and the terminal is as it was', { skip }, async () => {
  const shell = host.terminal('ls', []);
  await shell.ended;
  const { run } = await import('./harness/run-command.ts');
  assert.equal((await run('true', [])).code, 0);
  const { Terminal: Own } = await import('./harness/pty.ts');
  const terminal = new Own('/bin/sh', ['-i'], { env: { ...host.env, PS1: '$ ' } });
  await terminal.until('$ ');
  const before = await terminal.shell('stty -g');
  await start();
  terminal.line(
    `${join(import.meta.dirname, '../../bin/tslxc-console')} -P ${host.lxcpath} -n ${host.name('tty')}`,
  );
  await terminal.until('Ctrl+a itself');
  await delay(200);
  terminal.write(LEAVE);
  await terminal.until('$ ');
  assert.equal(await terminal.shell('stty -g'), before);
  terminal.close();
});

test('the console log has all that the console showed, and is appended to', { skip }, async () => {
  covers('lxc.console.logfile');
  const log = join(host.root, 'console.log');
  const say = (text: string) => ['--', '/bin/sh', '-c', `echo ${text}; exit 0`];
  for (const text of ['first', 'second']) {
    await start('-L', log, ...say(text));
    await eventually('it stops', async () => (await host.state('tty')) === 'STOPPED');
  }
  assert.equal(readFileSync(log, 'utf8').replaceAll('\r', ''), 'first\nsecond\n');
  await start('-s', `lxc.console.logfile=${log}2`, '--', '/bin/sh', '-c', 'seq 1 5000; sleep 1000');
  await eventually(
    'all is written',
    () => existsSync(`${log}2`) && readFileSync(`${log}2`, 'utf8').endsWith('\n5000\r\n'),
  );
  assert.equal(readFileSync(`${log}2`, 'utf8').split('\n').length, 5001);
  await host.kill('tty');
  const open = [...descriptorsOf(host.managerPid()!).values()].filter((path) => path.startsWith(log));
  assert.deepEqual(open, [], 'the manager lets go of the logs of what has ended');
});

test('lxc.console.size and rotate: a full log becomes log.1, or is emptied', { skip }, async () => {
  covers('lxc.console.size', 'lxc.console.rotate');
  // 9000 lines of 11 bytes: more than one file holds, and less than two.
  const lines = Array.from({ length: 9000 }, (_, i) => `line ${i + 1000}\r\n`).join('');
  const say = ['--', '/bin/sh', '-c', 'i=1000; while [ $i -lt 10000 ]; do echo "line $i"; i=$((i+1)); done'];
  const run = async (file: string, ...keys: string[]) => {
    await start('-L', file, ...keys.flatMap((key) => ['-s', key]), ...say);
    await eventually('it stops', async () => (await host.state('tty')) === 'STOPPED');
  };
  const rotated = join(host.root, 'rotated.log');
  await run(rotated, 'lxc.console.size = 65536', 'lxc.console.rotate = 1');
  const [now, before] = [readFileSync(rotated, 'utf8'), readFileSync(`${rotated}.1`, 'utf8')];
  assert.equal(before.length, 65536);
  assert.ok(before + now === lines, `${before.slice(0, 30)} … ${now.slice(-30)}`);
  const emptied = join(host.root, 'emptied.log');
  await run(emptied, 'lxc.console.size = 65536');
  assert.equal(readFileSync(emptied, 'utf8'), lines.slice(65536));
  assert.equal(existsSync(`${emptied}.1`), false);
});

test('a console without a reader does not hold up the container', { skip }, async () => {
  await start(
    '--',
    '/bin/sh',
    '-c',
    'i=0; while [ $i -lt 3000 ]; do echo "a line of some length, number $i"; i=$((i+1)); done; touch /tmp/done; sleep 1000',
  );
  await eventually('it has written all', () => existsSync(join(host.rootfs('tty'), 'tmp/done')));
});

test('a console survives the death of the manager', { skip }, async () => {
  await start();
  const terminal = console('-t', '1');
  terminal.write('\r');
  await terminal.login();
  await terminal.shell('mark=before-$((1+1))');
  const manager = host.managerPid();
  await host.killProcesses(manager);
  // The tty's master is the client's own: it works on without any manager.
  assert.equal(await terminal.shell('echo $mark'), 'before-2');
  await leave(terminal);
  const again = console('-t', '1');
  await again.until('Ctrl+a itself');
  assert.notEqual(host.managerPid(), manager);
  assert.equal(await again.shell('echo $mark'), 'before-2');
  await leave(again);
  // And the console, that the manager reads itself.
  const main = console('-t', '0');
  main.line('');
  await main.until('login: ');
  await leave(main);
});

test('what the console says while no manager is there is not lost', { skip }, async () => {
  const log = join(host.root, 'lonely.log');
  await start(
    '-L',
    log,
    '--',
    '/bin/sh',
    '-c',
    'echo one; while [ ! -e /tmp/go ]; do sleep 0.1; done; seq 1 3000; echo two; touch /tmp/gone; sleep 1000',
  );
  await host.killProcesses(host.managerPid(), host.forkServerPid());
  await host.tslxc('ls', []);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(host.rootfs('tty'), 'tmp/go'), '');
  await eventually('the container goes on', () => existsSync(join(host.rootfs('tty'), 'tmp/gone')));
  await host.inside('tty', 'echo three >/dev/console');
  await eventually('all is in the log', () => readFileSync(log, 'utf8').includes('three'));
  const lines = readFileSync(log, 'utf8').replaceAll('\r', '').trim().split('\n');
  assert.equal(lines[0], 'one');
  assert.equal(lines.at(-1), 'three');
  assert.equal(lines.length, 3003);
});

test("the caller's terminal never enters the container", { skip }, async () => {
  await start();
  const terminal = host.terminal('attach', ['-n', '@tty', '--', '/bin/sh'], { rows: 21, columns: 71 });
  await terminal.until(/[#$] /);
  const [device, inner] = [await terminal.shell('tty'), await terminal.shell('readlink /proc/self/fd/0')];
  assert.match(device, /^\/dev\/pts\/\d+$/);
  assert.equal(device, inner);
  assert.equal(await terminal.shell('stty size'), '21 71');
  // The shell's terminal, seen from outside, is a pty of the container's devpts, not the one we sit at.
  const pid = Number(await terminal.shell('grep -h NSpid /proc/self/status | cut -f2'));
  assert.ok(pid > 0);
  const init = await host.initPid('tty');
  const { allProcesses } = await import('./harness/leftovers.ts');
  const shell = allProcesses().find(
    ({ title, pid }) =>
      title === '/bin/sh' && readlinkSync(`/proc/${pid}/ns/pid`) === readlinkSync(`/proc/${init}/ns/pid`),
  )!;
  for (const fd of [0, 1, 2]) assert.notEqual(readlinkSync(`/proc/${shell.pid}/fd/${fd}`), terminal.name);
  const { readFileSync: read } = await import('node:fs');
  const ttyOf = (pid: number) =>
    read(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ')[4];
  assert.notEqual(ttyOf(shell.pid), ttyOf(terminal.child.pid!));
  terminal.line('exit 5');
  assert.equal((await terminal.ended).code, 5);
});

test('a terminal for attach: signals, size, exit codes, a log', { skip }, async () => {
  await start();
  const log = join(host.root, 'pty.log');
  const terminal = host.terminal('attach', [
    '-n',
    '@tty',
    '-L',
    log,
    '--',
    '/bin/sh',
    '-c',
    'trap "echo caught; exit 6" INT; echo ready; while :; do sleep 1; done',
  ]);
  await terminal.until('ready');
  terminal.write('\x03');
  await terminal.until('caught');
  assert.equal((await terminal.ended).code, 6);
  assert.match(readFileSync(log, 'utf8'), /ready[\s\S]*caught/);
  const big = host.terminal('attach', ['-n', '@tty', '--', 'seq', '1', '30000']);
  assert.equal((await big.ended).code, 0);
  assert.ok(big.output.replaceAll('\r', '').endsWith('29999\n30000\n'));
  assert.equal(big.output.replaceAll('\r', '').split('\n').length, 30001);
});

test('attach without a command is a login shell', { skip }, async () => {
  await start();
  const terminal = host.terminal('attach', ['-n', '@tty']);
  await terminal.until(/[#$] /);
  assert.equal(await terminal.shell('cat /proc/$$/comm'), 'sh');
  // At the prompt: between two lines the shell changes the terminal's mode, and a Ctrl-d of that moment is lost.
  await terminal.until(/[#$] /);
  terminal.write('\x04');
  assert.equal((await terminal.ended).code, 0);
});

test('a container without ttys, without ptys, without a console', { skip }, async () => {
  covers('lxc.console.path');
  await busybox.start('bare', 'lxc.tty.max = 0\nlxc.pty.max = 0\nlxc.console.path = none', [
    '--',
    '/bin/sleep',
    '1000',
  ]);
  const none = await host.tslxc('console', ['-n', '@bare']);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /tty/);
  const console = await host.tslxc('console', ['-n', '@bare', '-t', '0']);
  assert.equal(console.code, 1);
  assert.match(console.stderr, /no console/);
  assert.equal(await host.inside('bare', 'ls /dev/tty1 /dev/console /dev/pts/* 2>/dev/null | wc -l'), '0');
  assert.equal(
    await host.inside('bare', 'for fd in 0 1 2; do readlink /proc/1/fd/$fd; done'),
    '/dev/null\n/dev/null\n/dev/null',
  );
});

test('lxc.tty.dir: the terminals in a folder, links to them', { skip }, async () => {
  covers('lxc.tty.dir');
  await busybox.start('dir', 'lxc.tty.dir = lxc\nlxc.tty.max = 2');
  assert.equal(
    await host.inside('dir', 'readlink /dev/tty1; readlink /dev/tty2; readlink /dev/console; ls /dev/lxc'),
    'lxc/tty1\nlxc/tty2\nlxc/console\nconsole\ntty1\ntty2',
  );
});
