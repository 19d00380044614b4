import { readFileSync } from 'node:fs';
import type { OomKill } from '../../cgroup/container-cgroup.ts';

/** A victim as words, and when it was in milliseconds since 1970. */
export function oomLine({ program, pid, cgroup, time }: OomKill): [text: string, time: number] {
  const booted = Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  return [`out of memory: killed ${program} (pid ${pid}) in ${cgroup}`, Math.round(booted + time / 1000)];
}
