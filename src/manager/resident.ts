/**
 * The process that does commands for those who ask bin/tslxc (src/cli/resident): started here, and
 * it ends with us.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ownVariable } from '../util/own-process.ts';

/**
 * One that ends again sooner than this is not started again: something is wrong, and commands do
 * without it.
 */
const SHORT_LIFE = 10_000;
/** How long what it is at may take when we leave, milliseconds. */
const PATIENCE = 3000;

export class ResidentProcess {
  #child: ChildProcess | undefined;
  #leaving = false;

  start(): void {
    const script = join(import.meta.dirname, 'resident.cjs');
    // From the sources (tests) there is none.
    if (ownVariable('TSLXC_RESIDENT') === '0' || !existsSync(script)) return;
    const since = Date.now();
    const child = spawn('/proc/self/exe', ['--disable-warning=ExperimentalWarning', script], {
      cwd: '/',
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    this.#child = child;
    child.on('error', (error) => process.stderr.write(`the resident process: ${error.message}\n`));
    child.on('exit', () => {
      this.#child = undefined;
      if (!this.#leaving && Date.now() - since > SHORT_LIFE) this.start();
    });
    child.unref();
  }

  /** Has it end, and waits until it has: no other manager can come before. */
  async end(): Promise<void> {
    this.#leaving = true;
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin!.destroy();
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    await ended;
    clearTimeout(late);
  }
}
