/** tslxc-top: on a terminal, in batch, and as JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { sh } from './harness/run-command.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

test('batch mode: comma-separated values without a terminal', { skip }, async () => {
  await busybox.start('a');
  await busybox.start('b');
  await host.ok('attach', ['-n', '@b', '--', 'sh', '-c', 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done']);
  const lines = (await host.ok('top', ['-b', '-d', '0.2', '--count', '2', '-s', 'c', '-r'])).split('\n');
  assert.equal(
    lines[0],
    'time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes',
  );
  const rows = lines.slice(1, -1).map((line) => line.split(','));
  assert.deepEqual(
    rows.map(([, name]) => name),
    ['b', 'a', 'b', 'a'].map((short) => host.name(short)),
    'most processor time first',
  );
  for (const row of rows)
    assert.ok(row.length === 10 && row.every((cell, i) => i === 1 || /^\d+$/.test(cell)));
  assert.ok(Number(rows[2]![0]) - Number(rows[0]![0]) >= 200, 'milliseconds');
  assert.ok(Number(rows[0]![2]) > 1e6 && Number(rows[0]![7]) > 0);
});

test('JSON lines, and a pattern', { skip }, async () => {
  const lines = (await host.ok('top', ['--json', '-d', '0.1', '--count', '2', 'b$'])).trim().split('\n');
  assert.equal(lines.length, 2);
  const { time, containers } = JSON.parse(lines[1]!) as {
    time: string;
    containers: { name: string; cpuPercent: number; pids: number }[];
  };
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(
    containers.map(({ name }) => name),
    [host.name('b')],
  );
  assert.ok(containers[0]!.pids > 0);
});

test('without a terminal it says how to do without one', { skip }, async () => {
  const { code, stderr } = await host.tslxc('top');
  assert.equal(code, 1);
  assert.match(stderr, /not a terminal/);
  assert.match(stderr, /-b/);
});

const settings = (name: string) => sh(`stty -a <${name}`);

/** What is drawn last, without escape sequences. */
const screen = (output: string) =>
  output
    .slice(output.lastIndexOf('\x1b[H'))
    .replaceAll(/\x1b\[[\d;?]*[a-zA-Z]/g, '')
    .split('\r\n');

test('on a terminal: keys, another size, q; the terminal is as before', { skip }, async () => {
  const shell = host.terminal('top', ['-d', '60'], { rows: 20, columns: 120 });
  await shell.until('TOTAL 2 of 2');
  const raw = await settings(shell.name);
  assert.match(raw, /-icanon/);
  const [first] = screen(shell.output);
  assert.match(first!, /^Container +CPU +Mem +CPU +CPU +CPU +BlkIO/);
  const names = () =>
    screen(shell.output)
      .slice(2, 4)
      .map((line) => line.split(' ')[0]!.replace(`${host.mark}-`, ''));
  assert.deepEqual(names(), ['a', 'b']);
  shell.write('r');
  await shell.until('TOTAL 2 of 2');
  assert.deepEqual(names(), ['b', 'a']);
  shell.write('rc');
  await shell.until('TOTAL 2 of 2');
  await shell.until('TOTAL 2 of 2');
  assert.deepEqual(names(), ['a', 'b'], 'b has used more');
  shell.resize(4, 60);
  await shell.until('TOTAL 1 of 2');
  assert.equal(screen(shell.output).length, 4);
  assert.ok(screen(shell.output).every((line) => line.length <= 60));
  shell.write('q');
  assert.deepEqual(await shell.ended, { code: 0, signal: null });
  assert.match(shell.output, /\x1b\[\?25h\x1b\[\?1049l$/, 'the cursor and the screen from before');
});

test('Ctrl-C and SIGTERM give the terminal back too', { skip }, async () => {
  // A shell around it, so that the terminal is there afterwards.
  const bin = `${process.cwd()}/bin/tslxc-top`;
  for (const [act, status] of [
    ['\x03', 130],
    ['SIGTERM', 143],
  ] as const) {
    const shell = host.shellTerminal();
    shell.line('stty -a; echo be"gin"');
    const before = /speed.*$/s.exec(await shell.until('begin'))![0];
    shell.line(`${bin} -P ${host.lxcpath} -d 0.2`);
    await shell.until('TOTAL 2 of 2');
    await shell.until('TOTAL 2 of 2');
    if (act === '\x03') shell.write(act);
    else await sh(`pkill -TERM -f '[b]in/tslxc-top -P ${host.lxcpath}'`);
    // Not before the prompt: what is typed while the terminal is being given back is lost, as with any such program.
    await shell.until(/1049l[^$]*\$ /);
    shell.line('echo status=$?; stty -a; echo e"nd"');
    const after = await shell.until('end');
    assert.match(after, new RegExp(`status=${status}`));
    const flags = (text: string) => text.match(/-?(icanon|echo|isig|opost|icrnl)\b/g);
    assert.deepEqual(flags(/speed.*$/s.exec(after)![0]), flags(before));
    shell.line('exit');
    await shell.ended;
  }
});
