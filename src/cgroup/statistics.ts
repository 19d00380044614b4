import { join } from 'node:path';
import { readCounters, readFile, readNumber } from './files.ts';
import { oomKills } from './oom.ts';
import { type CgroupPlan, v1Of, v2Of } from './plan.ts';

/**
 * What a container uses and has used. Undefined is what this host cannot tell. Bytes and
 * nanoseconds.
 */
export interface CgroupStatistics {
  readonly cpuNs?: bigint | undefined;
  readonly cpuUserNs?: bigint | undefined;
  readonly cpuSystemNs?: bigint | undefined;
  readonly memoryBytes?: bigint | undefined;
  /** Undefined where memory is not limited, as well. */
  readonly memoryLimitBytes?: bigint | undefined;
  readonly kernelMemoryBytes?: bigint | undefined;
  readonly swapBytes?: bigint | undefined;
  readonly blockIoBytes?: bigint | undefined;
  readonly blockReadBytes?: bigint | undefined;
  readonly blockWriteBytes?: bigint | undefined;
  readonly blockIoOperations?: bigint | undefined;
  readonly pids?: bigint | undefined;
  /** How often the memory limit was hit; the kernel then takes caches away first. */
  readonly memoryLimitHits?: bigint | undefined;
  /** Processes that the OOM killer took since the container was started (see oom.ts). */
  readonly oomKills?: bigint | undefined;
}

type Source = (plan: CgroupPlan, controller: string) => string | undefined;

/** The limit cgroup of a controller in one version. */
const v1: Source = (plan, controller) => v1Of(plan, controller)?.limit;
const v2: Source = (plan, controller) => {
  const unified = v2Of(plan);
  return unified?.controllers.includes(controller) ? unified.limit : undefined;
};

const UNLIMITED = 1n << 62n;
const limited = (bytes: bigint | undefined) => (bytes !== undefined && bytes < UNLIMITED ? bytes : undefined);
const times = (value: bigint | undefined, factor: bigint) =>
  value === undefined ? undefined : value * factor;
const sum = (values: readonly (bigint | undefined)[]) =>
  values.reduce<bigint | undefined>((a, b) => (b === undefined ? a : (a ?? 0n) + b), undefined);

function cpu(plan: CgroupPlan): Partial<CgroupStatistics> {
  const accounting = v1(plan, 'cpuacct');
  if (accounting) {
    return {
      cpuNs: readNumber(join(accounting, 'cpuacct.usage')),
      cpuUserNs: readNumber(join(accounting, 'cpuacct.usage_user')),
      cpuSystemNs: readNumber(join(accounting, 'cpuacct.usage_sys')),
    };
  }
  // cpu.stat is there without the controller too.
  const unified = v2Of(plan);
  if (!unified) return {};
  const stat = readCounters(join(unified.limit, 'cpu.stat'));
  return {
    cpuNs: times(stat.get('usage_usec'), 1000n),
    cpuUserNs: times(stat.get('user_usec'), 1000n),
    cpuSystemNs: times(stat.get('system_usec'), 1000n),
  };
}

function memory(plan: CgroupPlan): Partial<CgroupStatistics> {
  const one = v1(plan, 'memory');
  if (one) {
    const usage = readNumber(join(one, 'memory.usage_in_bytes'));
    const both = readNumber(join(one, 'memory.memsw.usage_in_bytes'));
    return {
      memoryBytes: usage,
      memoryLimitBytes: limited(readNumber(join(one, 'memory.limit_in_bytes'))),
      kernelMemoryBytes: readNumber(join(one, 'memory.kmem.usage_in_bytes')),
      // The two are read one after the other: never below nothing.
      swapBytes: both === undefined || usage === undefined ? undefined : both > usage ? both - usage : 0n,
      memoryLimitHits: readNumber(join(one, 'memory.failcnt')),
    };
  }
  const two = v2(plan, 'memory');
  if (!two) return {};
  const stat = readCounters(join(two, 'memory.stat'));
  const parts = ['kernel_stack', 'pagetables', 'percpu', 'sock', 'slab'].map((name) => stat.get(name));
  const events = readCounters(join(two, 'memory.events'));
  return {
    memoryBytes: readNumber(join(two, 'memory.current')),
    memoryLimitBytes: readNumber(join(two, 'memory.max')),
    kernelMemoryBytes: stat.get('kernel') ?? sum(parts),
    swapBytes: readNumber(join(two, 'memory.swap.current')),
    memoryLimitHits: events.get('max'),
  };
}

/** Sums over all devices: of v1 the lines `MAJOR:MINOR KIND N`, of v2 the fields `KIND=N`. */
function blockIo(plan: CgroupPlan): Partial<CgroupStatistics> {
  const one = v1(plan, 'blkio');
  const two = v2(plan, 'io');
  const total = (text: string | undefined, line: (kind: string) => RegExp, kind: string) =>
    text === undefined
      ? undefined
      : (sum([...text.matchAll(line(kind))].map(([, digits]) => BigInt(digits!))) ?? 0n);
  const figures = (
    bytes: string | undefined,
    operations: string | undefined,
    line: (kind: string) => RegExp,
    kinds: readonly [read: string, written: string, reads: string, writes: string],
  ) => {
    const read = total(bytes, line, kinds[0]);
    const written = total(bytes, line, kinds[1]);
    return {
      blockReadBytes: read,
      blockWriteBytes: written,
      blockIoBytes: sum([read, written]),
      blockIoOperations: sum([total(operations, line, kinds[2]), total(operations, line, kinds[3])]),
    };
  };
  if (one) {
    const text = (name: string) => readFile(join(one, `${name}_recursive`)) ?? readFile(join(one, name));
    const line = (kind: string) => new RegExp(`^\\d+:\\d+ ${kind} (\\d+)$`, 'gm');
    return figures(text('blkio.throttle.io_service_bytes'), text('blkio.throttle.io_serviced'), line, [
      'Read',
      'Write',
      'Read',
      'Write',
    ]);
  }
  if (!two) return {};
  const text = readFile(join(two, 'io.stat'));
  const field = (kind: string) => new RegExp(`\\b${kind}=(\\d+)`, 'g');
  return figures(text, text, field, ['rbytes', 'wbytes', 'rios', 'wios']);
}

function pids(plan: CgroupPlan): Partial<CgroupStatistics> {
  const directory = v1(plan, 'pids') ?? v2(plan, 'pids');
  return directory ? { pids: readNumber(join(directory, 'pids.current')) } : {};
}

/** `since`: when the container's init started, microseconds after the host's boot; see oomKills. */
export function statistics(plan: CgroupPlan, since?: number): CgroupStatistics {
  return { ...cpu(plan), ...memory(plan), ...blockIo(plan), ...pids(plan), oomKills: oomKills(plan, since) };
}
