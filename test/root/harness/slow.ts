/** How patient a test has to be: an emulated machine is ten and more times slower. `TSLXC_TEST_SLOW` sets the factor. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export const SLOW =
  Number(process.env.TSLXC_TEST_SLOW) || (/QEMU/.test(readFileSync('/proc/cpuinfo', 'utf8')) ? 10 : 1);

/** Seconds of a fast machine in milliseconds of this one. */
export const seconds = (count: number): number => count * 1000 * SLOW;

/** Waits until `look` gives something true, and returns that. @throws Error saying what did not come */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limit = seconds(15),
): Promise<NonNullable<T>> {
  for (const end = Date.now() + limit; ; await delay(10)) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`did not happen in ${limit} ms: ${what}`);
  }
}

export { delay };
