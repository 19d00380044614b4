import type { KernelError } from './binding.ts';

/** How long a call is repeated that the kernel postpones (`EAGAIN`), milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Repeats a system call while it fails with `code`: `EINTR` without limit, as a signal handler's
 * return is no failure; `EAGAIN` for ten seconds at most.
 * @throws KernelError the last error
 */
export function retryOn<T>(code: 'EINTR' | 'EAGAIN', call: () => T): T {
  let end: number | undefined;
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as KernelError).code !== code) throw error;
      if (code === 'EAGAIN') end ??= Date.now() + PATIENCE_MS;
      if (end !== undefined && Date.now() > end) throw error;
    }
  }
}
