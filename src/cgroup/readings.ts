/**
 * Files that are read only, or that share a file in the other version: what to read there, and how.
 */

type Read = (file: string) => string | undefined;
type Reading = (read: Read) => string | undefined;

/** v1's text for "no limit". */
const UNLIMITED = '9223372036854771712';

const number = (text: string | undefined) => (text && /^\d+$/.test(text) ? BigInt(text) : undefined);
const limit = (text: string | undefined) => (text === 'max' ? BigInt(UNLIMITED) : number(text));
const line = (text: string | undefined, name: string) =>
  text?.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1];

const renamed =
  (file: string): Reading =>
  (read) =>
    read(file);
const counter =
  (file: string, name: string): Reading =>
  (read) =>
    line(read(file), name);
const asLimit =
  (file: string): Reading =>
  (read) =>
    limit(read(file))?.toString();

/** Both parts or nothing; v1's sums of memory and swap. */
const together =
  (memory: string, swap: string): Reading =>
  (read) => {
    const [a, b] = [limit(read(memory)), limit(read(swap))];
    if (a === undefined || b === undefined) return undefined;
    return a + b > BigInt(UNLIMITED) ? UNLIMITED : String(a + b);
  };

const difference =
  (both: string, memory: string): Reading =>
  (read) => {
    const [a, b] = [number(read(both)), number(read(memory))];
    return a === undefined || b === undefined ? undefined : String(a > b ? a - b : 0n);
  };

export const READINGS: Record<string, Reading> = {
  // v1 names on a v2 host
  'memory.limit_in_bytes': asLimit('memory.max'),
  'memory.memsw.limit_in_bytes': together('memory.max', 'memory.swap.max'),
  'memory.soft_limit_in_bytes': (read) => {
    const low = limit(read('memory.low'));
    return low === 0n ? UNLIMITED : low?.toString();
  },
  'memory.kmem.limit_in_bytes': asLimit('memory.max'),
  'memory.usage_in_bytes': renamed('memory.current'),
  'memory.memsw.usage_in_bytes': together('memory.current', 'memory.swap.current'),
  'memory.max_usage_in_bytes': renamed('memory.peak'),
  'memory.kmem.usage_in_bytes': counter('memory.stat', 'kernel'),
  'memory.failcnt': counter('memory.events', 'max'),
  'memory.oom_control': (read) => {
    const kills = line(read('memory.events'), 'oom_kill');
    return kills && `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}`;
  },
  'cpu.cfs_quota_us': (read) => read('cpu.max')?.split(' ')[0]?.replace('max', '-1'),
  'cpu.cfs_period_us': (read) => read('cpu.max')?.split(' ')[1],
  'cpuacct.usage': (read) => {
    const usage = number(line(read('cpu.stat'), 'usage_usec'));
    return usage === undefined ? undefined : String(usage * 1000n);
  },
  'cpuset.effective_cpus': renamed('cpuset.cpus.effective'),
  'cpuset.effective_mems': renamed('cpuset.mems.effective'),
  'freezer.state': (read) => {
    const frozen = line(read('cgroup.events'), 'frozen');
    return frozen && (frozen === '1' ? 'FROZEN' : read('cgroup.freeze') === '1' ? 'FREEZING' : 'THAWED');
  },
  // v2 names on a v1 host
  'memory.current': renamed('memory.usage_in_bytes'),
  'memory.peak': renamed('memory.max_usage_in_bytes'),
  'memory.swap.current': difference('memory.memsw.usage_in_bytes', 'memory.usage_in_bytes'),
  'memory.swap.max': (read) => {
    const both = read('memory.memsw.limit_in_bytes');
    return both === UNLIMITED
      ? 'max'
      : difference('memory.memsw.limit_in_bytes', 'memory.limit_in_bytes')(read);
  },
  'memory.max': (read) => read('memory.limit_in_bytes')?.replace(UNLIMITED, 'max'),
  'memory.low': (read) => read('memory.soft_limit_in_bytes')?.replace(UNLIMITED, '0'),
  'cpu.max': (read) => {
    const [quota, period] = [read('cpu.cfs_quota_us'), read('cpu.cfs_period_us')];
    return quota && period && `${quota === '-1' ? 'max' : quota} ${period}`;
  },
  'cpuset.cpus.effective': renamed('cpuset.effective_cpus'),
  'cpuset.mems.effective': renamed('cpuset.effective_mems'),
};
