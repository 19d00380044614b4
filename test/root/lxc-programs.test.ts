/** What programs that drive LXC rely on, where the comparison with LXC (test/peer) cannot show it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const PRINTS = "-- /bin/sh -c 'test -t 1 && echo terminal; head -1; echo OUT; echo ERR >&2'";

before(async () => {
  if (!skip) await busybox.make('fg');
});

/** A start in the foreground whose streams are real pipes, as a program's are; outputs as `1:OUT`. */
async function foreground(options: string): Promise<string[]> {
  const start = `${join(BIN, 'tslxc-start')} -P ${host.lxcpath} -n ${host.name('fg')} -F ${options} ${PRINTS}`;
  const script = `{ { echo IN; sleep 1; } | ${start} 2>&1 >&3 3>&- | sed s/^/2:/; } 3>&1 | tr -d '\\r'`;
  const { stdout } = await run('/bin/sh', ['-c', script], { env: host.env });
  return stdout.split('\n').filter(Boolean).sort();
}

test('without a console init has the streams of its caller', { skip }, async () => {
  for (const log of ['', '-s lxc.console.logfile=/dev/stdout'])
    assert.deepEqual(await foreground(`-s lxc.console.path=none ${log}`), ['2:ERR', 'IN', 'OUT']);
});

test('a console log on a stream of the caller shows the console there', { skip }, async () => {
  // A console echoes its input.
  const shown = ['ERR', 'IN', 'IN', 'OUT', 'terminal'];
  assert.deepEqual(await foreground('-L /dev/stdout'), shown);
  assert.deepEqual(
    await foreground('-L /dev/stderr'),
    shown.map((line) => `2:${line}`),
  );
});

test('the terminal of the caller does not enter a container without a console', { skip }, async () => {
  const terminal = host.terminal('start', [
    ...['-n', '@fg', '-F', '-c', 'none', '--'],
    ...['/bin/sh', '-c', 'test -t 0 -o -t 1 -o -t 2 || echo none; cat; echo END'],
  ]);
  await terminal.until('none');
  await terminal.until('END');
  assert.equal((await terminal.ended).code, 0);
});
