/** Which processes of a container the kernel killed because memory ran out. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readCounters } from './files.ts';
import { KernelLog, type KernelMessage } from './kernel-log.ts';
import { type CgroupPlan, type PlannedHierarchy, v1Of, v2Of } from './plan.ts';
import { bottomUp } from './subtree.ts';

export interface OomKill {
  /** Microseconds since the host's boot. */
  readonly time: number;
  /** As the host sees it. */
  readonly pid: number;
  readonly program: string;
  readonly cgroup: string;
}

/** What a kernel since 4.19 says of each victim, in one line (mm/oom_kill.c). */
const MARK = 'oom-kill:constraint=';
/** The log's clock and that of a process's start are not quite the same. */
const SLACK_US = 50_000;
const kernelLog = new KernelLog(MARK);

/**
 * The kernel's own list of victims in a container's cgroups, those that are gone by now included.
 */
export function oomKillsLogged(plan: CgroupPlan, since = 0, log = kernelLog.messages()): OomKill[] {
  const hierarchy = v1Of(plan, 'memory') ?? v2Of(plan);
  if (!hierarchy) return [];
  const prefix = log.length > 0 ? prefixOf(hierarchy.mountpoint) : undefined;
  return log.flatMap((message) => {
    const kill = parseOomKill(message);
    return kill && kill.time >= since - SLACK_US && isBelow(kill.cgroup, hierarchy, prefix) ? [kill] : [];
  });
}

export function parseOomKill({ time, text }: KernelMessage): OomKill | undefined {
  if (!text.startsWith(MARK)) return undefined;
  // A cgroup's name is the guest's to choose, and may hold what looks like a field: the last ones
  // are the kernel's.
  const match = /,task_memcg=(.*),task=(.*),pid=(\d+),uid=\d+$/.exec(text);
  return match ? { time, cgroup: match[1]!, program: match[2]!, pid: Number(match[3]) } : undefined;
}

/**
 * Whether a cgroup in the log is the container's or below it, by whole components. The log has
 * paths from the host's root. A guest may make a cgroup below its own that is called as another
 * container's, so what stands in front is known or, inside of a cgroup namespace, not to be known:
 * there the end of the path has to do.
 * @param prefix what stands in front of paths of this hierarchy; undefined where that is not known
 */
export function isBelow(
  path: string,
  { limit, mountpoint }: Pick<PlannedHierarchy, 'limit' | 'mountpoint'>,
  prefix: string | undefined,
): boolean {
  const own = `${limit.slice(mountpoint.length)}/`;
  return prefix === undefined ? `${path}/`.includes(own) : `${path}/`.startsWith(prefix + own);
}

/**
 * The inode of the host's own cgroup namespace (PROC_CGROUP_INIT_INO in include/linux/proc_ns.h).
 */
const HOST_NAMESPACE = 0xeffffffb;

/** Where the root of a mounted hierarchy is on the host. */
function prefixOf(mountpoint: string): string | undefined {
  try {
    if (statSync('/proc/self/ns/cgroup').ino !== HOST_NAMESPACE) return undefined;
    for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
      const [, , , root = '/', place] = line.split(' ');
      if (place === mountpoint) return root === '/' ? '' : root;
    }
  } catch {
    // Without /proc nothing is known.
  }
  return undefined;
}

/**
 * How many processes the OOM killer took since the container was started. v2 counts at the
 * container's cgroup what happens below. v1 counts each victim in its own cgroup only, and forgets
 * it with that: there the kernel's log has a say as well.
 */
export function oomKills(plan: CgroupPlan, since?: number): bigint | undefined {
  const one = v1Of(plan, 'memory');
  if (one) {
    let alive: bigint | undefined;
    bottomUp(one.limit, (path) => {
      const count = readCounters(join(path, 'memory.oom_control')).get('oom_kill');
      if (count !== undefined) alive = (alive ?? 0n) + count;
    });
    if (since === undefined) return alive;
    const logged = BigInt(oomKillsLogged(plan, since).length);
    return alive === undefined || logged > alive ? logged : alive;
  }
  const two = v2Of(plan);
  return two?.controllers.includes('memory')
    ? readCounters(join(two.limit, 'memory.events')).get('oom_kill')
    : undefined;
}

/** Whether that process was a victim. Where the kernel's log may not be read, any victim counts. */
export function killedByOom(plan: CgroupPlan, pid: number, since: number): boolean {
  const victims = oomKillsLogged(plan, since);
  return victims.length > 0 ? victims.some((kill) => kill.pid === pid) : (oomKills(plan) ?? 0n) > 0n;
}
