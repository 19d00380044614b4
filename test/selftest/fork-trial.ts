/**
 * The trial itself: forks as tslxc does, again and again, and watches what becomes of the children. Bundled by main.ts,
 * so that it runs on every Node; argv: how many forks. Prints one line of JSON.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CLONE, POLL, PR, SIG } from '../../src/kernel/constants.ts';
import { forkRetries } from '../../src/kernel/fork.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { linuxKernel } from '../../src/kernel/linux.ts';

export interface Row {
  readonly what: string;
  readonly forks: number;
  /** Forks whose first child was not complete and was replaced. */
  readonly triedAgain: number;
  /** Certified children that crashed, hung or ended with anything but success. */
  readonly failed: number;
  /** Milliseconds from the call of fork until the child is certified. */
  readonly median: number | null;
  readonly p99: number | null;
}

const kernel: Kernel = linuxKernel();
const count = Number(process.argv[2]);
const PATIENCE = 5_000;
/** When it is that bad, more of it tells nothing new, and each child that hangs takes its time. */
const ENOUGH_FAILURES = 10;
const WARM_UP = 20;
const FAILED = 255;

/** What a stage does, in small: allocates, collects garbage, becomes root of a user namespace. */
function work(): number {
  const kept: unknown[] = [];
  for (let i = 0; i < 2000; i++) kept.push({ i, text: `number ${i}`, bytes: new Uint8Array(64) });
  for (let i = 0; i < 20_000; i++) kept[i % 100] = [i, String(i)];
  (globalThis as { gc?: () => void }).gc!();
  kernel.unshare(CLONE.NEWUSER);
  const text = JSON.stringify(kept.slice(100, 200)).length;
  (globalThis as { gc?: () => void }).gc!();
  return text > 1000 ? 0 : 1;
}

/** Everything in a child: whatever is thrown there must not reach Node's own handlers. */
function inChild(body: () => number): never {
  let status = FAILED;
  try {
    kernel.prctl(PR.SET_PDEATHSIG, SIG.KILL);
    status = body();
  } catch {}
  return kernel.exit(status);
}

/** The child's exit status; FAILED if it died or does not end. */
function statusOf(pid: number): number {
  const pidfd = kernel.pidfdOpen(pid);
  const ended = kernel.poll([{ fd: pidfd, events: POLL.IN }], PATIENCE).length > 0;
  if (!ended) kernel.kill(pid, SIG.KILL);
  kernel.close(pidfd);
  return kernel.wait(pid, true)?.status.code ?? FAILED;
}

function quantile(sorted: Float64Array, part: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}

/**
 * Forks `count` times. `child` runs in the child; its exit status, as `judge` has it, other than FAILED counts tries again
 * below it.
 */
function trial(what: string, child: () => number, between: () => void = () => {}, judge = statusOf): Row {
  const judged = (pid: number) => (pid === 0 ? inChild(child) : judge(pid));
  return trialUntil(what, judged, between)!;
}

/** The same, with a `judge` that is also called in the child, with 0; it ends the child, or gives undefined there. */
function trialUntil(
  what: string,
  judge: (pid: number) => number | undefined,
  between: () => void = () => {},
): Row | undefined {
  const times = new Float64Array(count);
  let [forks, triedAgain, failed] = [0, 0, 0];
  for (let i = -WARM_UP; i < count && failed < ENOUGH_FAILURES; i++) {
    forks = Math.max(i + 1, 0);
    between();
    const before = forkRetries;
    const since = process.hrtime.bigint();
    const pid = kernel.fork();
    const time = Number(process.hrtime.bigint() - since) / 1e6;
    const status = judge(pid);
    if (status === undefined) return undefined;
    if (status === FAILED) failed++;
    if (i < 0) continue;
    times[i] = time;
    if (forkRetries > before || (status !== 0 && status !== FAILED)) triedAgain++;
  }
  const sorted = times.subarray(0, forks).sort();
  return { what, forks, triedAgain, failed, median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}

/** A fork server that makes stages which make an init each: what it found comes through a pipe. */
function thirdGeneration(): Row {
  const [from, to] = kernel.pipe();
  const server = kernel.fork();
  if (server === 0)
    inChild(() => {
      const row = trial('third generation: server, stage, init', () => {
        const before = forkRetries;
        const init = kernel.fork();
        if (init === 0) inChild(work);
        // Not 0 and not FAILED: the stage's own fork needed another try.
        return statusOf(init) === 0 ? Math.min(forkRetries - before, FAILED - 1) : FAILED;
      });
      kernel.write(to, Buffer.from(JSON.stringify(row)));
      return 0;
    });
  kernel.close(to);
  const buffer = Buffer.alloc(4096);
  const length = kernel.read(from, buffer);
  const died = statusOf(server) !== 0 || length === 0;
  if (died) return { what: 'third generation', forks: 0, triedAgain: 0, failed: 1, median: null, p99: null };
  return JSON.parse(buffer.toString('utf8', 0, length)) as Row;
}

/** A stage goes on as its own child, which becomes ours as the stage ends: it says its pid first. */
function handedOver(): Row {
  kernel.prctl(PR.SET_CHILD_SUBREAPER, 1);
  const [from, to] = kernel.pipe();
  const word = Buffer.alloc(4);
  const child = () => {
    kernel.unshare(CLONE.NEWPID);
    word.writeInt32LE(kernel.becomeOwnChild(), 0);
    kernel.write(to, word);
    return kernel.pid() === 1 ? work() : FAILED;
  };
  return trial('stage that goes on as its own child', child, undefined, (stage) => {
    const isKilled = kernel.wait(stage, true)?.status.signal === SIG.KILL;
    kernel.read(from, word);
    const status = statusOf(word.readInt32LE(0));
    return isKilled ? status : FAILED;
  });
}

/** A process that makes children which share its memory, by the dozen: each works and then becomes a program. */
function sharedMemory(): Row {
  kernel.prctl(PR.SET_CHILD_SUBREAPER, 1);
  const [from, to] = kernel.pipe();
  const [more, go] = kernel.pipe();
  const worker = kernel.fork();
  const failed = () => kernel.exit(FAILED);
  if (worker === 0)
    inChild(() => {
      kernel.close(go);
      const word = Buffer.alloc(4);
      while (kernel.read(more, Buffer.alloc(1)) === 1) {
        const pid = kernel.vfork(() => {
          if (work() !== 0) kernel.exit(FAILED);
          return { path: '/bin/sh', args: ['sh', '-c', 'exit 7'], env: [] };
        }, failed);
        word.writeInt32LE(pid, 0);
        kernel.write(to, word);
      }
      return 0;
    });
  kernel.close(more);
  kernel.close(to);
  const word = Buffer.alloc(4);
  const times = new Float64Array(count);
  let [forks, bad] = [0, 0];
  for (; forks < count && bad === 0; forks++) {
    const since = process.hrtime.bigint();
    kernel.write(go, Buffer.alloc(1));
    const alive = kernel.read(from, word) === 4;
    times[forks] = Number(process.hrtime.bigint() - since) / 1e6;
    if (!alive || statusOf(word.readInt32LE(0)) !== 7) bad++;
  }
  kernel.close(go);
  if (statusOf(worker) !== 0) bad++;
  kernel.close(from);
  const sorted = times.subarray(0, forks).sort();
  const [median, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  return { what: 'child that shares our memory', forks, triedAgain: 0, failed: bad, median, p99 };
}

/** What a request process does, in small: the thread pool, a timer, a program, a socket, a signal. */
async function asynchronousWork(): Promise<void> {
  if (process.pid !== kernel.pid()) throw new Error('process.pid');
  await readFile('/proc/self/status', 'utf8');
  await delay(1);
  const { stdout } = await promisify(execFile)('/bin/echo', ['hello']);
  if (stdout !== 'hello\n') throw new Error(stdout);
  const path = `\0tslxc-selftest-${process.pid}`;
  const server = createServer((socket) => socket.end('x')).listen(path);
  await once(server, 'listening');
  await once(connect(path).resume(), 'end');
  server.close();
  const heard = once(process, 'SIGUSR2');
  kernel.kill(process.pid, SIG.USR2);
  await heard;
}

/**
 * Children with an event loop each. The child returns from here, and goes on as the main program, whose event loop it runs:
 * so `wholeNodes` is the last trial, and the parent does not let its own loop run meanwhile.
 * @returns undefined in a child
 */
function wholeNodes(): Row | undefined {
  kernel.prepareEventLoop();
  let isChild = false;
  const row = trialUntil('child with an event loop of its own', (pid) => {
    if (pid > 0) return statusOf(pid) === 0 ? 0 : FAILED;
    isChild = true;
    kernel.prctl(PR.SET_PDEATHSIG, SIG.KILL);
    kernel.takeOverEventLoop();
    // Each of Node's own ways to the end, in turn: none of them may wait for threads that are not there.
    const ways = [() => process.exit(0), () => {}];
    void asynchronousWork().then(ways[kernel.pid() % ways.length], () => kernel.exit(FAILED));
    return undefined;
  });
  return isChild ? undefined : row;
}

let noise: unknown[] = [];
const rows = [
  trial('child of a quiet process', work),
  trial('child of a busy process', work, () => {
    noise = Array.from({ length: 3000 }, (_, i) => ({ i, text: `noise ${i}`, last: noise.length }));
  }),
  thirdGeneration(),
  handedOver(),
  sharedMemory(),
];
const last = wholeNodes();
if (last)
  writeSync(
    1,
    `${JSON.stringify({ version: process.version, arch: process.arch, rows: [...rows, last] })}\n`,
  );
