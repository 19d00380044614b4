/**
 * The pool that does commands for the callers of bin/tslxc (src/cli/pool): its zygote is started
 * here, and ends with us.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ownVariable } from '../util/own-process.ts';
import { NODE_FLAGS } from './process/node-flags.ts';

/**
 * A pool that ends sooner than this is not restarted (ms): something is wrong, and commands work
 * without it.
 */
const SHORT_LIFE = 10_000;
/** How long an idle one may take to end, milliseconds. */
const PATIENCE = 3000;

export class Pool {
  #child: ChildProcess | undefined;
  #busy = false;
  #leaving = false;
  /** Told when its first request has come, and when its last one is done. */
  onBusy: (busy: boolean) => void = () => {};

  start(): void {
    const script = join(import.meta.dirname, 'pool.cjs');
    // From the sources (tests) there is none.
    if (ownVariable('TSLXC_POOL') === '0' || !existsSync(script)) return;
    const since = Date.now();
    const child = spawn('/proc/self/exe', [...NODE_FLAGS, script], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    const tell = (next: boolean) => {
      if (next === this.#busy) return;
      this.#busy = next;
      this.onBusy(next);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      for (const word of chunk.toString('latin1').trim().split('\n')) tell(word === 'busy');
    });
    child.on('error', (error) => process.stderr.write(`the pool: ${error.message}\n`));
    child.on('exit', () => {
      this.#child = undefined;
      tell(false);
      if (!this.#leaving && Date.now() - since > SHORT_LIFE) this.start();
    });
    child.unref();
  }

  /**
   * Has it end, and waits until it has: no other manager can come before. One that is busy (a
   * monitor waits for the next manager) comes to its end by itself.
   */
  async end(): Promise<void> {
    this.#leaving = true;
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin!.destroy();
    if (this.#busy) return;
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    await ended;
    clearTimeout(late);
  }
}
