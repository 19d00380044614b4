import type { KernelError } from './binding.ts';

/** Calls that the kernel may break off with EINTR are done again. */
export function retried<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as KernelError).code !== 'EINTR') throw error;
    }
  }
}
