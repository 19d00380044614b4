/** How gladly the kernel ends a process when the host runs out of memory: proc(5), oom_score_adj. */
import { readFileSync, writeFileSync } from 'node:fs';

/** As systemd-udevd and sshd: the kernel ends nearly all others first. */
const NEEDED_BY_ALL = -500;
const ORDINARY = 0;

const fileOf = (pid: number | 'self') => `/proc/${pid}/oom_score_adj`;

/** For processes that all containers depend on. Their children inherit it. */
export function protectFromOomKiller(): void {
  write('self', NEEDED_BY_ALL);
}

/** For what a protected process starts: containers, hooks, commands. */
export function unprotectFromOomKiller(pid: number | 'self' = 'self'): void {
  try {
    // Another score is not ours: an administrator has set it.
    if (Number(readFileSync(fileOf(pid), 'utf8')) === NEEDED_BY_ALL) write(pid, ORDINARY);
  } catch {
    // The process has ended, or there is no procfs.
  }
}

function write(pid: number | 'self', score: number): void {
  try {
    writeFileSync(fileOf(pid), String(score));
  } catch {
    // Only root of the host may lower it: the process is as all others then.
  }
}
