import { readFileSync } from 'node:fs';

/**
 * Pids of the children of a thread (proc_pid_tid_children(5)); none where the thread has ended.
 * @param thread its main thread by default
 */
export function childrenOf(pid: number | 'self', thread: number | string = pid): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}
