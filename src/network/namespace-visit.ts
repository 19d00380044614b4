/** Work in another network namespace, by the thread that otherwise is in the host's. */
import { closeSync, openSync } from 'node:fs';
import { CLONE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';

/**
 * Does `work`, which has to be synchronous, with this thread in another network namespace.
 * @param file the namespace, as /proc/PID/ns/net
 */
export function inNamespaceOf<T>(kernel: Kernel, file: string, work: (home: number) => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const fd = openSync(file, 'r');
    try {
      kernel.setns(fd, CLONE.NEWNET);
      return work(home);
    } finally {
      kernel.setns(home, CLONE.NEWNET);
      closeSync(fd);
    }
  } finally {
    closeSync(home);
  }
}
