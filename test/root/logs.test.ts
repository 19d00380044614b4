/** tslxc-logs: console, hooks, states, the log and the kernel's OOM lines in one stream. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BASE_ENV, BIN } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const children: ChildProcess[] = [];
// Before the host's own end, which waits for them.
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

const host = new ContainerHost();
const busybox = new Busybox(host);

interface Line {
  time: string;
  source: string;
  level?: string;
  text: string;
}

async function logs(...args: string[]): Promise<Line[]> {
  const text = await host.ok('logs', ['--json', ...args]);
  return text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

test('what happened, in the order in which it did', { skip }, async () => {
  const logfile = join(host.root, 'console.log');
  await busybox.start(
    'c',
    `lxc.hook.pre-start = sh -c 'echo before the start' x
lxc.hook.mount = /bin/sh -c 'echo among the mounts' x
lxc.hook.post-stop = sh -c 'echo all over >&2' x
lxc.log.level = INFO
lxc.console.logfile = ${logfile}`,
  );
  // The getty of the console has said its own by then, and not between ours.
  await eventually('the getty', () => readFileSync(logfile, 'utf8').includes('login:'));
  const say = (text: string) =>
    host.ok('attach', ['-n', '@c', '--', 'sh', '-c', `printf '${text}' >/dev/console`]);
  await say('hello \\033[31mred\\033[0m\\007 wor');
  await say('ld\\nsecond\\n');
  await eventually('the console is read', async () => (await host.ok('logs', ['@c'])).includes('second'));
  await host.ok('freeze', ['-n', '@c']);
  await host.ok('unfreeze', ['-n', '@c']);
  await say('no end of line');
  await host.kill('c');
  const lines = await logs('-n', '@c');
  const times = lines.map(({ time }) => time);
  assert.deepEqual(times, times.toSorted());
  const at = (source: string, text: RegExp) => {
    const index = lines.findIndex((line) => line.source === source && text.test(line.text));
    assert.ok(index >= 0, `${source} ${text} in ${JSON.stringify(lines, null, 1)}`);
    return index;
  };
  const order = [
    at('state', /^STARTING \(a start\)$/),
    at('hook', /^hook pre-start: before the start$/),
    at('hook', /^hook mount: among the mounts$/),
    at('state', /^RUNNING/),
    at('console', /hello \x1b\[31mred\x1b\[0m\x07 world$/),
    at('console', /^second$/),
    at('state', /^FROZEN/),
    at('state', /^THAWED/),
    at('state', /^STOPPING \(a kill asked for/),
    at('hook', /^hook post-stop: all over$/),
    at('state', /^STOPPED/),
  ];
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  at('console', /^no end of line$/);
  const logged = lines[at('log', /^ended: /)]!;
  assert.equal(logged.level, 'INFO');
  const plain = await host.ok('logs', ['-n', '@c']);
  assert.match(plain, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} console {2}.*hello red world$/m);
  assert.doesNotMatch(plain, /[\x00-\x08\x0b-\x1f]/);
});

test('a part of it', { skip }, async () => {
  const sources = new Set((await logs('-n', '@c', '--source', 'hook,state')).map(({ source }) => source));
  assert.deepEqual([...sources].sort(), ['hook', 'state']);
  assert.equal((await logs('-n', '@c', '--lines', '2')).length, 2);
  assert.equal((await host.tslxc('logs', ['-n', '@c', '--source', 'rumour'])).code, 1);
  assert.equal((await host.tslxc('logs', ['-n', '@nobody'])).code, 1);
});

test('-f goes on through a stop and a start, and has lines of the kernel', { skip }, async () => {
  await busybox.make('f', 'lxc.cgroup.memory.limit_in_bytes = 24M');
  const child = spawn(join(BIN, 'tslxc-logs'), ['-P', host.lxcpath, '-n', host.name('f'), '-f', '--json'], {
    env: { ...BASE_ENV, ...host.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let text = '';
  child.stdout!.on('data', (chunk) => {
    text += chunk;
  });
  await host.ok('start', ['-n', '@f']);
  await eventually('the start', () => text.includes('RUNNING'));
  // tail keeps its input until the end.
  await host.tslxc('attach', ['-n', '@f', '--', 'sh', '-c', 'tail -c 100000000 /dev/zero']);
  await eventually('the victim', () => /"source":"kernel","text":"out of memory: killed tail/.test(text));
  await host.kill('f');
  await eventually('the stop', () => text.includes('STOPPED'));
  await host.ok('start', ['-n', '@f']);
  await eventually('the next start', () => text.split('"RUNNING').length === 3);
  assert.equal(text.split('killed tail').length, 2, 'once');
  const ended = new Promise((done) => child.once('exit', (code) => done(code)));
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.ok(
    (await logs('-n', '@f', '--source', 'kernel')).length === 1,
    'still known of the run that is over',
  );
  await host.kill('f');
});

test('a flood is kept in bounds, and goes with the container', { skip }, async () => {
  await busybox.start('c');
  await host.ok('attach', [
    '-n',
    '@c',
    '--',
    'sh',
    '-c',
    'i=0; while [ $i -lt 20000 ]; do echo "line $i of many lines that nobody wants"; i=$((i+1)); done >/dev/console',
  ]);
  await eventually('the last one', async () => (await host.ok('logs', ['@c'])).includes('line 19999 '));
  const kept = await logs('-n', '@c', '--source', 'console');
  assert.ok(kept.length < 10_000 && kept.length > 500, `${kept.length} lines`);
  await host.kill('c');
  await host.ok('destroy', ['-n', '@c']);
  await busybox.make('c');
  assert.deepEqual(await logs('-n', '@c', '--source', 'console,state'), []);
});
