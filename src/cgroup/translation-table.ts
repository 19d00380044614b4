import { nearestOf } from '../util/edit-distance.ts';
import {
  bytes,
  count,
  cpuMaxToV1,
  freezerToV1,
  freezerToV2,
  ioMaxToV1,
  ioWeightToV1,
  kernelMemoryToV2,
  need,
  number,
  periodToV2,
  quotaToV2,
  type Row,
  same,
  sharesToWeight,
  softToV1,
  softToV2,
  swapToV1,
  swapToV2,
  throttle,
  tidyBytes,
  tidyIoMax,
  weightDeviceToV2,
  weightToShares,
  weightToV2,
} from './conversions.ts';
import { amountText, parseList } from './values.ts';

const MOST = 1n << 62n;
const tidyWhole = (value: string) => String(number(value, 0n, MOST));
/**
 * The kernel brings shares that are too many or too few into its range; a weight out of its range
 * it refuses.
 */
const tidyShare = (value: string, version: 1 | 2) =>
  String(version === 1 ? number(value, 0n, MOST) : number(value, 1n, 10000n));
/** Any negative number is no limit. */
const tidyQuota = (value: string) => (/^-\d+$/.test(value.trim()) ? '-1' : amountText(count(value), 1));
function tidyList(value: string): string {
  need(parseList(value), 'a list of numbers, as 0-3,7');
  return value;
}

/**
 * What a file is called in the other version and how its value is converted: docs/cgroups.md shows
 * it to the user.
 */
export const TRANSLATIONS: readonly Row[] = [
  same('memory.limit_in_bytes', 'memory.max', bytes),
  // The soft limit is what a container keeps when the host runs short; memory.high would throttle
  // it always.
  {
    v1: 'memory.soft_limit_in_bytes',
    v2: 'memory.low',
    toV2: softToV2,
    toV1: softToV1,
    tidy: tidyBytes,
  },
  {
    v1: 'memory.memsw.limit_in_bytes',
    v2: 'memory.swap.max',
    toV2: swapToV2,
    toV1: swapToV1,
    tidy: tidyBytes,
  },
  { v1: 'memory.kmem.limit_in_bytes', v2: null, toV2: kernelMemoryToV2, tidy: tidyBytes },
  { v1: 'memory.kmem.tcp.limit_in_bytes', v2: null, toV2: kernelMemoryToV2, tidy: tidyBytes },
  { v1: null, v2: 'memory.high', tidy: tidyBytes },
  { v1: null, v2: 'memory.min', tidy: tidyBytes },
  { v1: null, v2: 'memory.swap.high', tidy: tidyBytes },
  { v1: null, v2: 'memory.zswap.max', tidy: tidyBytes },
  { v1: 'cpu.shares', v2: 'cpu.weight', toV2: sharesToWeight, toV1: weightToShares, tidy: tidyShare },
  { v1: 'cpu.cfs_quota_us', v2: null, toV2: quotaToV2, tidy: tidyQuota },
  { v1: 'cpu.cfs_period_us', v2: null, toV2: periodToV2, tidy: tidyWhole },
  { v1: null, v2: 'cpu.max', toV1: cpuMaxToV1, tidy: (value) => value.replace(/^-1\b/, 'max') },
  same('cpu.cfs_burst_us', 'cpu.max.burst'),
  same('cpu.idle', 'cpu.idle'),
  { ...same('cpuset.cpus', 'cpuset.cpus'), tidy: tidyList },
  { ...same('cpuset.mems', 'cpuset.mems'), tidy: tidyList },
  { ...same('pids.max', 'pids.max', count), tidy: (value) => amountText(count(value), 2) },
  {
    v1: 'blkio.weight',
    v2: null,
    toV2: weightToV2,
  },
  { v1: 'blkio.weight_device', v2: null, toV2: weightDeviceToV2 },
  { v1: null, v2: 'io.weight', toV1: ioWeightToV1 },
  same('blkio.bfq.weight', 'io.bfq.weight'),
  { ...same('blkio.bfq.weight_device', 'io.bfq.weight'), v2: null },
  throttle('rbps'),
  throttle('wbps'),
  throttle('riops'),
  throttle('wiops'),
  { v1: null, v2: 'io.max', toV1: ioMaxToV1, tidy: tidyIoMax },
  same('blkio.prio.class', 'io.prio.class'),
  { v1: 'freezer.state', v2: 'cgroup.freeze', toV2: freezerToV2, toV1: freezerToV1 },
  same('hugetlb.*.rsvd.limit_in_bytes', 'hugetlb.*.rsvd.max', bytes),
  same('hugetlb.*.limit_in_bytes', 'hugetlb.*.max', bytes),
  same('rdma.max', 'rdma.max'),
  same('misc.max', 'misc.max'),
];

/** Files without counterpart, and what there is instead. The first pattern that fits answers. */
export const NO_COUNTERPART: readonly { version: 1 | 2; file: RegExp; why: string }[] = [
  {
    version: 1,
    file: /^memory\.swappiness$/,
    why: 'v2 has no swappiness for one cgroup; memory.swap.max limits its swap',
  },
  { version: 1, file: /^memory\.oom_control$/, why: 'v2 cannot switch the OOM killer off for a cgroup' },
  {
    version: 1,
    file: /^memory\.(use_hierarchy|move_charge_at_immigrate)$/,
    why: 'v2 always counts the whole subtree and never moves charges',
  },
  { version: 1, file: /^cpu\.rt_/, why: 'v2 does not give realtime time to cgroups' },
  {
    version: 1,
    file: /^cpuset\.(cpu|mem)_exclusive$/,
    why: 'v2 has cpuset.cpus.partition, which means something else',
  },
  { version: 1, file: /^cpuset\./, why: 'v2 has cpuset.cpus, cpuset.mems and cpuset.cpus.partition only' },
  { version: 1, file: /^blkio\.leaf_weight/, why: 'v2 has no leaf weights: processes are in leaves only' },
  {
    version: 1,
    file: /^net_(cls|prio)\./,
    why: 'v2 leaves it to the firewall: match "socket cgroupv2" in nftables',
  },
  { version: 1, file: /^cpuacct\./, why: 'v2 accounts in cpu.stat, which is read-only' },
  {
    version: 2,
    file: /^memory\.high$/,
    why: 'v1 cannot throttle: memory.limit_in_bytes kills, memory.soft_limit_in_bytes only prefers',
  },
  {
    version: 2,
    file: /^memory\.min$/,
    why: 'v1 has no guaranteed memory; the nearest is memory.soft_limit_in_bytes (lxc.cgroup2.memory.low)',
  },
  { version: 2, file: /^memory\.oom\.group$/, why: 'v1 kills single processes only' },
  { version: 2, file: /^memory\./, why: 'v1 has no such memory control' },
  { version: 2, file: /^cpu\.weight\.nice$/, why: 'use cpu.weight, which has a v1 counterpart' },
  { version: 2, file: /^cpu\.uclamp\./, why: 'v1 has no utilisation clamping in this hierarchy' },
  { version: 2, file: /^io\.(latency|cost)/, why: 'v1 has no latency or cost model' },
  { version: 2, file: /^cpuset\.cpus\.(partition|exclusive)/, why: 'v1 has no partitions' },
  { version: 2, file: /^cgroup\./, why: 'this host has no v2 hierarchy' },
];

/** What `*` of a pattern stands for in `file`; undefined when the file is another one. */
export function matchFile(pattern: string | null, file: string): string | undefined {
  if (pattern === null) return undefined;
  const [before, after] = pattern.split('*');
  if (after === undefined) return pattern === file ? '' : undefined;
  const star = file.slice(before!.length, file.length - after.length);
  return star && !star.includes('.') && file === `${before}${star}${after}` ? star : undefined;
}

/** More edits than this make another name. */
const MOST_EDITS = 3;

/** The key with the name of a file in the table that is most like the one in `key`, for a hint. */
export function nearestCgroupKey(key: string): string | undefined {
  const [, prefix = '', file = ''] = /^(lxc\.cgroup2?\.)(.+)$/.exec(key) ?? [];
  const names = TRANSLATIONS.flatMap(({ v1, v2 }) => [v1, v2]).filter(
    (name): name is string => name !== null && !name.includes('*'),
  );
  const nearest = nearestOf(file, names, MOST_EDITS);
  return nearest === undefined || nearest === file ? undefined : prefix + nearest;
}
