/** Runs test files, one line for each on the screen; failures are shown whole. */
import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { bold, dim, duration, green, red, spinner, yellow } from './progress.mjs';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Where it went wrong: `file: test`. */
  readonly failures: readonly string[];
}

export interface RunOptions {
  readonly files: readonly string[];
  readonly root: string;
  /** How many files at a time. */
  readonly concurrency: number;
  /** Milliseconds for one file. */
  readonly timeout: number;
}

interface FileResult {
  passed: number;
  skipped: number;
  readonly failures: string[];
  readonly output: string[];
  since: number;
}

function describe(error: unknown): string {
  const { cause, message } = error as Error;
  const reason = cause ?? message;
  if (!(reason instanceof Error)) return typeof reason === 'string' ? reason : inspect(reason);
  return inspect(reason, { depth: 4 });
}

/** The runner asks a file that takes too long to end; one that is stuck in a system call cannot hear that. */
const GRACE = 5_000;

/** Kills what runs `file`, with the processes that it forked: they have the same arguments. */
function killFile(file: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (Number(pid) !== process.pid && args.includes(file)) process.kill(Number(pid), 'SIGKILL');
    } catch {} // It has ended meanwhile.
}

const indent = (text: string) => text.replace(/^/gm, '    ');

export async function runTestFiles({ files, root, concurrency, timeout }: RunOptions): Promise<Counts> {
  const results = new Map<string, FileResult>();
  const all: string[] = [];
  let [passed, skipped] = [0, 0];
  const running = new Set<string>();
  const watchdogs = new Map<string, NodeJS.Timeout>();
  const name = (file: string | undefined) => relative(root, file ?? '?');
  const resultOf = (file: string | undefined) => {
    const found = results.get(name(file)) ?? {
      passed: 0,
      skipped: 0,
      failures: [],
      output: [],
      since: performance.now(),
    };
    results.set(name(file), found);
    return found;
  };
  let wait = { stop() {} };
  const redraw = () => {
    wait.stop();
    if (running.size) wait = spinner(dim([...running].slice(0, 3).join('  ')));
  };
  const finish = (file: string) => {
    const result = results.get(file)!;
    results.delete(file);
    running.delete(file);
    clearTimeout(watchdogs.get(file));
    passed += result.passed;
    skipped += result.skipped;
    all.push(...result.failures.map((title) => `${file}: ${title.split('\n')[0]}`));
    wait.stop();
    const counts = [
      `${result.passed} passed`,
      result.skipped && yellow(`${result.skipped} skipped`),
      result.failures.length && red(`${result.failures.length} failed`),
    ].filter(Boolean);
    const mark = result.failures.length ? red('✗') : green('✓');
    const time = dim(duration(performance.now() - result.since));
    console.log(`${mark} ${file}  ${counts.join(', ')} ${time}`);
    for (const failure of result.failures) console.log(indent(red(failure)));
    if (result.failures.length && result.output.length) console.log(indent(result.output.join('').trimEnd()));
    redraw();
  };

  const stream = run({
    files: [...files],
    concurrency,
    timeout,
    // Some tests fork as the fork server does; the child of a Node with several threads hangs (docs/kernel-notes.md).
    execArgv: ['--disable-warning=ExperimentalWarning', '--single-threaded', '--v8-pool-size=0'],
  });
  const isFile = (data: { name: string; file?: string; nesting: number }) =>
    data.nesting === 0 && relative(root, data.name) === name(data.file);

  stream.on('test:dequeue', (data) => {
    if (!isFile(data)) return;
    resultOf(data.file).since = performance.now();
    running.add(name(data.file));
    watchdogs.set(
      name(data.file),
      setTimeout(() => {
        resultOf(data.file).output.push(`killed: it took longer than ${duration(timeout + GRACE)}\n`);
        killFile(data.name);
      }, timeout + GRACE),
    );
    redraw();
  });
  for (const kind of ['test:stdout', 'test:stderr'] as const)
    stream.on(kind, (data) => resultOf(data.file).output.push(data.message));
  // Completions come as they happen; passes and failures would wait for the files before theirs.
  stream.on('test:complete', (data) => {
    const { type, error } = data.details;
    const result = resultOf(data.file);
    // A test whose subtests failed only counts them, and so does a file.
    const failed = error && (error as { failureType?: string }).failureType !== 'subtestsFailed';
    if (failed)
      result.failures.push(`${bold(isFile(data) ? 'the file itself' : data.name)}\n${describe(error)}`);
    if (isFile(data)) finish(name(data.file));
    else if (error || type === 'suite') return;
    else if (data.skip !== undefined || data.todo !== undefined) result.skipped++;
    else result.passed++;
  });
  await new Promise<void>((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
    stream.resume();
  });
  // Tests that a shared module defines for several files are told under its name. Late output alone is no test.
  for (const [file, { passed, skipped, failures }] of [...results])
    if (passed || skipped || failures.length) finish(file);
  wait.stop();
  return { passed, failed: all.length, skipped, failures: all };
}
