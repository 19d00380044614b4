/** tslxc-monitor and tslxc-wait: what they see of containers that start, freeze, reboot and end. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BASE_ENV, BIN } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const monitors: Monitor[] = [];
// Before the host's own end, which waits for them.
after(() => {
  for (const { child } of monitors) child.kill('SIGKILL');
});

const host = new ContainerHost();
const busybox = new Busybox(host);

class Monitor {
  readonly child: ChildProcess;
  #text = '';

  constructor(...args: string[]) {
    this.child = spawn(join(BIN, 'tslxc-monitor'), ['-P', host.lxcpath, ...args], {
      env: { ...BASE_ENV, ...host.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout!.on('data', (chunk) => {
      this.#text += chunk;
    });
  }

  /** With the mark of the host taken off. */
  get text(): string {
    return this.#text.replaceAll(`${host.mark}-`, '');
  }

  /** The words in brackets: `STARTING`, `exited 0`. */
  get words(): string {
    return [...this.text.matchAll(/(?:(exited )with status|state to) \[(\w+)\]/g)]
      .map(([, e, word]) => `${e ?? ''}${word}`)
      .join(' ');
  }

  /** Waits until it looks for a manager, or is connected to one. */
  async looks(): Promise<void> {
    await eventually('it watches', () => {
      const folder = `/proc/${this.child.pid}/fd`;
      return readdirSync(folder).some(
        (fd) => Number(fd) > 2 && /^(anon_inode:inotify|socket:.*)$/.test(link(join(folder, fd))),
      );
    });
  }

  async sees(words: string): Promise<void> {
    await eventually(words, () => this.words.endsWith(words)).catch((error) => {
      throw new Error(`${error.message}; it says ${this.words}`);
    });
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

const monitor = (...args: string[]) => {
  monitors.push(new Monitor(...args));
  return monitors.at(-1)!;
};

test('a monitor from before the manager sees a whole life, with reasons', { skip }, async () => {
  await busybox.make('m');
  const all = monitor();
  const reasons = monitor('--why', `${host.mark}-m`);
  const others = monitor('m');
  for (const one of monitors) await one.looks();
  await host.ok('start', ['-n', '@m']);
  await all.sees('STARTING RUNNING');
  await host.ok('freeze', ['-n', '@m']);
  await host.ok('unfreeze', ['-n', '@m']);
  await all.sees('RUNNING FREEZING FROZEN THAWED RUNNING');
  await host.ok('stop', ['-n', '@m', '-r']);
  await all.sees('RUNNING exited 0 STOPPING STOPPED STARTING RUNNING');
  await host.kill('m');
  await all.sees('RUNNING exited 0 STOPPING STOPPED');
  assert.match(all.text, /^'m' changed state to \[STARTING\]\n'm' changed state to \[RUNNING\]\n/);
  assert.match(all.text, /^'m' exited with status \[0\]$/m);
  await reasons.sees('STOPPING STOPPED');
  assert.match(reasons.text, /\[STARTING\] \(a reboot asked for by user 0 \(process \d+\)\)/);
  assert.match(reasons.text, /\[STOPPED\] \(a kill asked for by user 0 \(process \d+\)\)/);
  assert.equal(others.text, '', 'the pattern is for the whole name');
});

test('a start that fails is aborted', { skip }, async () => {
  const [all] = monitors;
  await busybox.make('bad', 'lxc.init.cmd = /nowhere');
  await host.tslxc('start', ['-n', '@bad']);
  await all!.sees('STARTING ABORTING STOPPED');
  assert.match(monitors[0]!.text, /'bad'/);
  const why = await host.ok('info', ['-n', '@bad', '--why']);
  assert.match(why, /^Start failed: +\d/m);
  assert.match(why, /nowhere.*\n/, 'the whole error');
});

test('it goes on with the next manager, and tells what came about between', { skip }, async () => {
  const [all] = monitors;
  await host.ok('start', ['-n', '@m']);
  await all!.sees('STARTING RUNNING');
  const init = await host.initPid('m');
  await host.killProcesses(host.managerPid());
  process.kill(init, 'SIGKILL');
  // The keeper calls a manager, which tells the whole story. On a busy machine its end is seen before that.
  await all!.sees('exited 0 STOPPING STOPPED');
  await host.ok('start', ['-n', '@m']);
  await all!.sees('STARTING RUNNING');
});

test('JSON lines, of several directories', { skip }, async () => {
  const second = join(host.root, 'second');
  mkdirSync(second);
  await busybox.make('other', '', second);
  const both = monitor('--json', '-P', second);
  await both.looks();
  await host.kill('m');
  await host.ok('start', ['-n', '@m']);
  await host.ok('start', ['-n', '@other', '-P', second]);
  await host.ok('stop', ['-n', '@other', '-k', '-P', second]);
  await eventually('both', () => /"STOPPED".*other|other.*"STOPPED"/.test(both.text));
  const events = both.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.ok(events.some(({ name, lxcpath }) => name === 'm' && lxcpath === host.lxcpath));
  const last = events.at(-1) as { state: string; reason: { kind: string } };
  assert.equal(last.state, 'STOPPED');
  assert.equal(last.reason.kind, 'operator');
});

test('wait ends for a present, a later and a passing state, and at its time limit', { skip }, async () => {
  const wait = (...args: string[]) => host.tslxc('wait', args);
  assert.equal((await wait('-n', '@m', '-s', 'RUNNING')).code, 0);
  assert.equal((await wait('-n', '@m', '-s', 'STOPPED|FROZEN', '-t', '0')).code, 1);
  assert.equal((await wait('-n', '@m', '-s', 'STOPPED', '-t', '1')).code, 1);
  assert.equal((await wait('-n', '@nowhere', '-s', 'STOPPED')).code, 0, 'what is not there is stopped');
  assert.equal((await wait('-n', '@m', '-s', 'ASLEEP')).code, 1);
  const stopping = wait('-n', '@m', '-s', 'STOPPING', '-t', '60');
  const stopped = wait('-n', '@m', '-s', 'stopped', '-t', '60');
  await new Promise((done) => setTimeout(done, 1000));
  await host.kill('m');
  assert.equal((await stopping).code, 0);
  assert.equal((await stopped).code, 0);
});

test('Ctrl-C ends it; -Q has the manager leave when nothing runs', { skip }, async () => {
  const { child } = monitors[0]!;
  const ended = new Promise((done) => child.once('exit', (code) => done(code)));
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  await host.ok('start', ['-n', '@m']);
  const busy = await host.tslxc('monitor', ['-Q']);
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, /containers to look after/);
  await host.kill('m');
  await host.ok('monitor', ['-Q']);
  await eventually('it leaves, though others look on', () => host.managerPid() === undefined);
});
