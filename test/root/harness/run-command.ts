import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { seconds } from './slow.ts';

export const BIN = resolve(import.meta.dirname, '../../../bin');

export interface Result {
  /** Exit status; 128 and the signal's number as shells have it is not made of a signal here: see `signal`. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Milliseconds; by default a minute of a fast machine. */
  readonly timeout?: number;
  /** Sees the child as soon as it is there. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/** What a program gets to see of this machine: the same on every one, so that no test depends on its caller. */
export const BASE_ENV: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

/** Runs a program to its end, never by a shell. One that takes too long is killed and is an error. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const begin = performance.now();
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...BASE_ENV, ...options.env },
    cwd: options.cwd ?? '/',
  });
  options.onSpawn?.(child);
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const stdout = collected(child.stdout);
  const stderr = collected(child.stderr);
  return new Promise((done, reject) => {
    const limit = options.timeout ?? seconds(60);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
      // Whoever inherited the pipes (a manager that leaks them) must not hold the test up.
      child.stdout.destroy();
      child.stderr.destroy();
    }, limit);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const result = { code, signal, stdout: stdout(), stderr: stderr(), ms: performance.now() - begin };
      if (late)
        reject(
          new Error(`${file} ${args.join(' ')}: not done in ${limit} ms\n${result.stdout}${result.stderr}`),
        );
      else done(result);
    });
  });
}

/** Runs a helper of the test's own that has to succeed; what it printed. */
export async function sh(command: string): Promise<string> {
  const { code, stdout, stderr } = await run('/bin/sh', ['-c', command]);
  if (code !== 0) throw new Error(`${command}: ${code} ${stderr}`);
  return stdout;
}

function collected(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
