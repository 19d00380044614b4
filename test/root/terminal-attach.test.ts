/** An attached shell as a person at a terminal meets it, and much data through attached programs. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { isAlive, processesIn } from './harness/leftovers.ts';
import type { Terminal } from './harness/pty.ts';
import { BIN, run } from './harness/run-command.ts';
import { eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const client = `${join(BIN, 'tslxc-attach')} -P ${host.lxcpath} -n ${host.name('at')} --`;

before(async () => {
  if (!skip) await busybox.start('at');
});

const inside = (title: string) => processesIn(host.mark).find((process) => process.title === title)?.pid;

async function shell(): Promise<Terminal> {
  const terminal = host.terminal('attach', ['-n', '@at', '--', '/bin/sh']);
  await terminal.until(/[#$] /);
  return terminal;
}

test('job control: Ctrl-Z stops, bg and fg go on, Ctrl-C ends', { skip }, async () => {
  const terminal = await shell();
  terminal.line('sleep 4001; echo was $?');
  const pid = await eventually('it runs', () => inside('sleep 4001'));
  const stat = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  const state = () => stat()[0];
  terminal.write('\x1a');
  await eventually('it is stopped', () => state() === 'T');
  await terminal.until(/[#$] /);
  assert.match(await terminal.shell('jobs'), /Stopped.*sleep 4001/);
  await terminal.shell('bg >/dev/null');
  await eventually('it goes on', () => state() === 'S');
  terminal.line('fg');
  await terminal.until('sleep 4001');
  // Its name is there before the terminal is its own (proc(5): pgrp, tpgid).
  await eventually('it is in the foreground', () => stat()[2] === stat()[5]);
  terminal.write('\x03');
  await eventually('it ends', () => !isAlive(pid));
  await terminal.until(/[#$] /);
  terminal.line('exit 3');
  assert.deepEqual(await terminal.ended, { code: 3, signal: null });
});

test('there is no escape: Ctrl-a q is for the program', { skip }, async () => {
  const terminal = await shell();
  terminal.line('stty -icanon -echo; echo ready; dd bs=1 count=2 2>/dev/null | hexdump -C; stty icanon echo');
  await terminal.until('ready\r\n');
  terminal.write('\x01q');
  await terminal.until('01 71');
  terminal.line('exit');
  assert.equal((await terminal.ended).code, 0);
});

test('the terminal goes away: so does the program', { skip }, async () => {
  const terminal = await shell();
  terminal.line('sleep 4002');
  const pid = await eventually('it runs', () => inside('sleep 4002'));
  terminal.hangUp();
  await eventually('it ends', () => !isAlive(pid));
});

test('only the input is a terminal: output and errors go where they should', { skip }, async () => {
  const [out, err] = [join(host.root, 'out'), join(host.root, 'err')];
  const script = `${client} /bin/sh -c 'read x; echo "got $x"; echo wrong >&2' >${out} 2>${err}; echo status $?`;
  const terminal = host.command('/bin/sh', ['-c', script]);
  await eventually('it waits', () => processesIn(host.mark).some(({ title }) => title.includes('read x')));
  terminal.line('typed');
  await terminal.until('status 0');
  assert.match(terminal.output, /typed/, 'what is typed is seen');
  assert.deepEqual([readFileSync(out, 'utf8'), readFileSync(err, 'utf8')], ['got typed\n', 'wrong\n']);
});

/** Mebibytes; `TSLXC_TEST_MEBIBYTES=1024` for the whole trial. */
const AMOUNT = Number(process.env.TSLXC_TEST_MEBIBYTES ?? 64);

test('much data, in both directions, is exact', { skip }, async () => {
  const file = join(host.root, 'data');
  const fd = openSync(file, 'w');
  const chunk = Buffer.alloc(1 << 20);
  for (let i = 0; i < AMOUNT; i++) {
    for (let at = 0; at < chunk.length; at += 4) chunk.writeUInt32LE((i * 2654435761 + at * 40503) >>> 0, at);
    writeSync(fd, chunk);
  }
  closeSync(fd);
  const sum = async (command: string) => {
    const { stdout, stderr } = await run('/bin/sh', ['-c', command], {
      env: host.env,
      timeout: seconds(60 + AMOUNT * 2),
    });
    return `${stdout.split(' ')[0]}${stderr}`;
  };
  const expected = await sum(`sha256sum ${file}`);
  assert.equal(await sum(`${client} sha256sum <${file}`), expected, 'in');
  assert.equal(await sum(`${client} cat <${file} | sha256sum`), expected, 'in and out, a file and a pipe');
  assert.equal(await sum(`cat ${file} | ${client} cat | cat | sha256sum`), expected, 'pipes on both sides');
  const copy = join(host.root, 'copy');
  assert.equal(await sum(`${client} cat <${file} >${copy}; sha256sum ${copy}`), expected, 'to a file');
  assert.equal(statSync(copy).size, AMOUNT << 20);
});
