/**
 * How gladly the kernel ends a process when the host runs out of memory: proc(5), oom_score_adj.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** As systemd-udevd and sshd: the kernel ends nearly all others first. */
const NEEDED_BY_ALL = -500;
const ORDINARY = 0;

const FILE = '/proc/self/oom_score_adj';

/** For processes that all containers depend on. Their children inherit it. */
export function protectFromOomKiller(): void {
  write(NEEDED_BY_ALL);
}

export function isProtectedFromOomKiller(): boolean {
  try {
    return Number(readFileSync(FILE, 'utf8')) === NEEDED_BY_ALL;
  } catch {
    return false;
  }
}

/** For what a protected process starts. Another score is an administrator's, and stays. */
export function unprotectFromOomKiller(): void {
  if (isProtectedFromOomKiller()) write(ORDINARY);
}

function write(score: number): void {
  try {
    writeFileSync(FILE, String(score));
  } catch {
    // Only root of the host may lower it: the process is as all others then.
  }
}
