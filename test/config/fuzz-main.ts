/**
 * `npm run fuzz:config [-- --rounds=N] [--seed=N] [--from=N]`: 100,000 mutated config files, by default with a seed of
 * the day, so that each day's are others. It ends: after the rounds, at the first one that fails, when one hangs, or
 * after an hour.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { duration, green, red } from '../setup/progress.mjs';
import { ConfigFuzz } from './config-fuzz.ts';

const HANGS_AFTER_MS = 30_000;
const LONGEST_MS = 3_600_000;
const TOLD_EVERY = 100;
/** In memory: on ext4 each file that is overwritten waits for the disk, which takes ten times as long as the rest. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** One thread's share: every `stride`th round, beginning at `first`. */
interface Share {
  readonly seed: number;
  readonly first: number;
  readonly stride: number;
  readonly end: number;
  readonly folder: string;
}

function work({ seed, first, stride, end, folder }: Share): void {
  const fuzz = new ConfigFuzz(folder, seed);
  let done = 0;
  for (let round = first; round < end; round += stride) {
    fuzz.round(round);
    if (++done % TOLD_EVERY === 0) parentPort?.postMessage(done);
  }
  parentPort?.postMessage(done);
}

function option(name: string, otherwise: number): number {
  const text =
    process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? `${otherwise}`;
  if (!/^[0-9]+$/.test(text)) throw new Error(`--${name} takes a number, not "${text}"`);
  return Number(text);
}

/** Resolves with the rounds done, rejects with what was wrong and the file that it was wrong with. */
function runThread(share: Share, told: (done: number) => void): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => {
    let done = 0;
    const fail = (what: string) => {
      const text = readFileSync(join(share.folder, 'config'), 'utf8');
      reject(new Error(`${what}\nThe file:\n${JSON.stringify(text)}`));
      void worker.terminate();
    };
    const hangs = () => fail(`no round has ended for ${HANGS_AFTER_MS} ms, after ${done} of this thread's`);
    let watchdog = setTimeout(hangs, HANGS_AFTER_MS);
    worker.on('message', (count: number) => {
      done = count;
      told(count);
      clearTimeout(watchdog);
      watchdog = setTimeout(hangs, HANGS_AFTER_MS);
    });
    worker.on('error', (error) => fail(error instanceof Error ? (error.stack ?? error.message) : `${error}`));
    worker.on('exit', () => {
      clearTimeout(watchdog);
      resolve(done);
    });
  });
}

async function main(): Promise<void> {
  const since = performance.now();
  const seed = option('seed', Number(new Date().toISOString().slice(0, 10).replaceAll('-', '')));
  const from = option('from', 0);
  const end = from + option('rounds', 100_000);
  const threads = Math.min(availableParallelism(), end - from);
  const folders = Array.from({ length: threads }, () => mkdtempSync(join(SCRATCH, 'tslxc-fuzz-')));
  const done = folders.map(() => 0);
  console.log(`${end - from} config files, seed ${seed}, ${threads} threads`);
  let told = 0;
  const tell = () => {
    const sum = done.reduce((a, b) => a + b, 0);
    if (sum - told < 10_000) return;
    told = sum;
    console.log(`  ${sum} done, ${duration(performance.now() - since)}`);
  };
  const limit = setTimeout(() => {
    console.error(red(`not done within ${duration(LONGEST_MS)}`));
    process.exit(1);
  }, LONGEST_MS);
  try {
    const shares = folders.map((folder, index) => ({
      seed,
      first: from + index,
      stride: threads,
      end,
      folder,
    }));
    const counts = shares.map((share, index) =>
      runThread(share, (count) => {
        done[index] = count;
        tell();
      }),
    );
    const sum = (await Promise.all(counts)).reduce((a, b) => a + b, 0);
    if (sum !== end - from) throw new Error(`only ${sum} rounds were done`);
    console.log(green(`✓ ${sum} files, ${duration(performance.now() - since)}`));
  } finally {
    clearTimeout(limit);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

if (isMainThread) {
  try {
    await main();
  } catch (error) {
    console.error(red(error instanceof Error ? error.message : `${error}`));
    process.exit(1);
  }
} else work(workerData as Share);
