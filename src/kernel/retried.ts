import type { KernelError } from './binding.ts';

/** How often a call is made again that the kernel puts off, for whatever reason. */
const ATTEMPTS = 1000;

/**
 * Calls that the kernel may break off with EINTR are done again; those that it may put off
 * (`EAGAIN`) within reason.
 */
export function retried<T>(call: () => T, code: 'EINTR' | 'EAGAIN' = 'EINTR'): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return call();
    } catch (error) {
      const last = code === 'EAGAIN' && attempt === ATTEMPTS;
      if (last || (error as KernelError).code !== code) throw error;
    }
  }
}
