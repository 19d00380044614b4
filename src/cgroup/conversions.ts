import { type Amount, amountText, clamp, parseBytes, parseCount, scale } from './values.ts';

/** A file and what to write into it, on the layout at hand. */
export interface Converted {
  readonly file: string;
  readonly value: string;
  /** What the conversion lost or changed, for the user. */
  readonly note?: string;
  /** For a kernel that has the same knob under another name: used when `file` is not there. */
  readonly otherwise?: { readonly file: string; readonly value: string };
}

/** Nothing needs to be written: the layout does it anyway. */
export interface Implied {
  readonly file: null;
  readonly note: string;
}

/** Thrown by a conversion: the value is wrong ... */
export class BadValue extends Error {}
/** ... or it means something that the other layout can't do. */
export class NoCounterpart extends Error {}

/**
 * The values of other settings, by file name in either spelling: the configured value, else the
 * value in force.
 */
export type Others = (...files: string[]) => string | undefined;

export type Conversion = (value: string, others: Others, star: string) => readonly (Converted | Implied)[];

/** `*` in a name stands for one component (a huge page size). */
export interface Row {
  /**
   * The file in v1 and in v2. A null has no file of its own there, but the conversion may still
   * have an answer.
   */
  readonly v1: string | null;
  readonly v2: string | null;
  readonly toV1?: Conversion;
  readonly toV2?: Conversion;
  /** How a native value is tidied (units, -1 and max); absent: written as it is. */
  readonly tidy?: (value: string, version: 1 | 2) => string;
}

export function need<T>(parsed: T | undefined, expected: string): T {
  if (parsed === undefined) throw new BadValue(`expected ${expected}`);
  return parsed;
}

export const bytes = (value: string) =>
  need(parseBytes(value), 'a number of bytes, as 268435456, 256M or 2G, or max');
export const count = (value: string) => need(parseCount(value), 'a whole number or max');
export const number = (value: string, low: bigint, high: bigint) => {
  const parsed = count(value);
  if (parsed === 'max' || parsed < low || parsed > high) throw new BadValue(`expected ${low} to ${high}`);
  return parsed;
};

/** Two files with the same meaning. */
export function same(v1: string, v2: string, parse?: (value: string) => Amount): Row {
  const to =
    (version: 1 | 2, file: string): Conversion =>
    (value, _others, star) => [
      { file: file.replace('*', star), value: parse ? amountText(parse(value), version) : value },
    ];
  const row = { v1, v2, toV1: to(1, v1), toV2: to(2, v2) };
  return parse ? { ...row, tidy: (value, version) => amountText(parse(value), version) } : row;
}

export const tidyBytes = (value: string, version: 1 | 2) => amountText(bytes(value), version);

/** v1 limits memory and swap together (memsw), v2 swap alone. */
export function swapToV2(value: string, others: Others): Converted[] {
  const both = bytes(value);
  if (both === 'max') return [{ file: 'memory.swap.max', value: 'max' }];
  const limit = parseBytes(others('memory.limit_in_bytes', 'memory.max') ?? 'max') ?? 'max';
  if (limit === 'max')
    throw new NoCounterpart(
      'v2 limits swap alone: memory.swap.max is memsw minus the memory limit, and no memory limit is set',
    );
  if (both < limit)
    throw new BadValue(`memory and swap together (${both}) below the memory limit (${limit})`);
  return [{ file: 'memory.swap.max', value: String(both - limit) }];
}

export function swapToV1(value: string, others: Others): (Converted | Implied)[] {
  const swap = bytes(value);
  const file = 'memory.memsw.limit_in_bytes';
  if (swap === 'max') return [{ file, value: '-1' }];
  const limit = parseBytes(others('memory.max', 'memory.limit_in_bytes') ?? 'max') ?? 'max';
  if (limit === 'max' || limit >= 1n << 62n)
    throw new NoCounterpart(
      'v1 limits memory and swap together only, and no memory limit is set to add it to',
    );
  return [{ file, value: String(limit + swap) }];
}

/**
 * v2 counts kernel memory into memory.max: a limit of its own can only be left out where memory.max
 * is as tight.
 */
export function kernelMemoryToV2(value: string, others: Others): Implied[] {
  const kernel = bytes(value);
  const limit = parseBytes(others('memory.limit_in_bytes', 'memory.max') ?? 'max') ?? 'max';
  if (kernel === 'max' || (limit !== 'max' && kernel >= limit))
    return [{ file: null, note: 'kernel memory counts into memory.max on v2' }];
  throw new NoCounterpart('v2 has no limit for kernel memory alone, it counts into memory.max');
}

/** The kernel's own scale: weight 100 is 1024 shares (sched_weight_from_cgroup, and systemd's). */
export function sharesToWeight(value: string): Converted[] {
  return [
    {
      file: 'cpu.weight',
      value: String(clamp(scale(number(value, 0n, 1n << 40n), 100n, 1024n), 1n, 10000n)),
    },
  ];
}

export const weightToShares = (value: string): Converted[] => [
  { file: 'cpu.shares', value: String(clamp(scale(number(value, 1n, 10000n), 1024n, 100n), 2n, 262144n)) },
];

const PERIOD = { low: 1000n, high: 1000000n };

export function quotaToV2(value: string, others: Others): Converted[] {
  const quota = value.trim().startsWith('-') ? 'max' : amountText(count(value), 2);
  const period = others('cpu.cfs_period_us') ?? others('cpu.max')?.split(/\s+/)[1];
  return [{ file: 'cpu.max', value: period ? `${quota} ${number(period, PERIOD.low, PERIOD.high)}` : quota }];
}

export function periodToV2(value: string, others: Others): Converted[] {
  const quota = others('cpu.cfs_quota_us') ?? others('cpu.max')?.split(/\s+/)[0] ?? 'max';
  const text = quota.trim().startsWith('-') ? 'max' : amountText(count(quota), 2);
  return [{ file: 'cpu.max', value: `${text} ${number(value, PERIOD.low, PERIOD.high)}` }];
}

export function cpuMaxToV1(value: string): Converted[] {
  const [quota = '', period, ...rest] = value.trim().split(/\s+/);
  if (rest.length > 0) throw new BadValue('expected QUOTA or QUOTA PERIOD');
  const periodWrite = period
    ? [{ file: 'cpu.cfs_period_us', value: String(number(period, PERIOD.low, PERIOD.high)) }]
    : [];
  return [...periodWrite, { file: 'cpu.cfs_quota_us', value: amountText(count(quota), 1) }];
}

/** systemd's scale: blkio.weight 500 and io.weight 100 are the defaults. */
const blkioToIo = (weight: bigint) => clamp(scale(weight, 100n, 500n), 1n, 10000n);
const ioToBlkio = (weight: bigint) => clamp(scale(weight, 500n, 100n), 10n, 1000n);
const bfq = (weight: bigint) => clamp(weight, 1n, 1000n);

const DEVICE = /^(\d+:\d+)\s+(.+)$/;
const deviceAnd = (value: string): [device: string, rest: string] => {
  const match = DEVICE.exec(value.trim());
  if (!match) throw new BadValue('expected MAJOR:MINOR and a value');
  return [match[1]!, match[2]!];
};

/**
 * CFQ's blkio.weight went in 5.0; BFQ has a knob of its own. On v2 io.weight is iocost's, with the
 * same second name.
 */
export function weightToV2(value: string): Converted[] {
  const io = blkioToIo(number(value, 10n, 1000n));
  return [
    { file: 'io.weight', value: String(io), otherwise: { file: 'io.bfq.weight', value: String(bfq(io)) } },
  ];
}

export function ioWeightToV1(value: string): Converted[] {
  const text = value.trim().replace(/^default\s+/, '');
  const [device, rest] = DEVICE.test(text) ? deviceAnd(text) : ['', text];
  const io = number(rest, 1n, 10000n);
  const prefix = device && `${device} `;
  const suffix = device && '_device';
  return [
    {
      file: `blkio.weight${suffix}`,
      value: `${prefix}${ioToBlkio(io)}`,
      otherwise: { file: `blkio.bfq.weight${suffix}`, value: `${prefix}${bfq(io)}` },
    },
  ];
}

export function weightDeviceToV2(value: string): Converted[] {
  const [device, rest] = deviceAnd(value);
  const io = blkioToIo(number(rest, 10n, 1000n));
  const otherwise = { file: 'io.bfq.weight', value: `${device} ${bfq(io)}` };
  return [{ file: 'io.weight', value: `${device} ${io}`, otherwise }];
}

const THROTTLES = { rbps: 'read_bps', wbps: 'write_bps', riops: 'read_iops', wiops: 'write_iops' } as const;
type Throttle = keyof typeof THROTTLES;
const throttleFile = (throttle: Throttle) => `blkio.throttle.${THROTTLES[throttle]}_device`;
const parseRate = (throttle: Throttle) => (throttle.endsWith('bps') ? bytes : count);

/**
 * Four files with one line for each device; 0 takes the limit away. In v2 one file, and the word
 * max.
 */
export function throttle(name: Throttle): Row {
  const rate = (value: string): [string, Amount] => {
    const [device, text] = deviceAnd(value);
    const parsed = parseRate(name)(text);
    return [device, parsed === 0n ? 'max' : parsed];
  };
  return {
    v1: throttleFile(name),
    v2: null,
    toV2(value) {
      const [device, amount] = rate(value);
      return [{ file: 'io.max', value: `${device} ${name}=${amount}` }];
    },
    tidy(value) {
      const [device, amount] = rate(value);
      return `${device} ${amount === 'max' ? 0 : amount}`;
    },
  };
}

export function ioMaxParts(value: string): { device: string; limits: [Throttle, Amount][] } {
  const [device, rest] = deviceAnd(value);
  const limits = rest
    .trim()
    .split(/\s+/)
    .map((part): [Throttle, Amount] => {
      const [key = '', text = ''] = part.split('=');
      if (!Object.hasOwn(THROTTLES, key))
        throw new BadValue(`expected rbps=, wbps=, riops= or wiops=, not "${part}"`);
      return [key as Throttle, parseRate(key as Throttle)(text)];
    });
  return { device, limits };
}

export function ioMaxToV1(value: string): Converted[] {
  const { device, limits } = ioMaxParts(value);
  return limits.map(([name, amount]) => ({
    file: throttleFile(name),
    value: `${device} ${amount === 'max' ? 0 : amount}`,
  }));
}

const FREEZER = { FROZEN: '1', THAWED: '0' } as const;

export function freezerToV2(value: string): Converted[] {
  const state = FREEZER[value.trim().toUpperCase() as keyof typeof FREEZER];
  return [{ file: 'cgroup.freeze', value: need(state, 'FROZEN or THAWED') }];
}

export const freezerToV1 = (value: string): Converted[] => [
  { file: 'freezer.state', value: number(value, 0n, 1n) === 1n ? 'FROZEN' : 'THAWED' },
];

/** memory.low: nothing protected is its default, as an unlimited soft limit is v1's. */
export function softToV2(value: string): Converted[] {
  const amount = bytes(value);
  return [{ file: 'memory.low', value: amount === 'max' ? '0' : String(amount) }];
}

export function softToV1(value: string): Converted[] {
  const amount = bytes(value);
  const none = amount === 'max' || amount === 0n;
  return [{ file: 'memory.soft_limit_in_bytes', value: none ? '-1' : String(amount) }];
}

export function tidyIoMax(value: string): string {
  const { device, limits } = ioMaxParts(value);
  return `${device} ${limits.map(([name, amount]) => `${name}=${amount}`).join(' ')}`;
}
