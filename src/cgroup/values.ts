/** The values that cgroup files hold, as people write them in a config. */

/** An amount, or no limit. */
export type Amount = bigint | 'max';

const UNITS = 'KMGTPE';
const BYTES = /^(\d+)(?:\.(\d+))?\s*(?:([KMGTPE])(?:i?B)?|B)?$/i;
const UNLIMITED = /^(-1|max|unlimited|infinity)$/i;

/**
 * `2000000000`, `256M`, `1.5GiB`, `max`, `-1`; undefined for anything else. Units are powers of
 * 1024, as the kernel's.
 */
export function parseBytes(text: string): Amount | undefined {
  const trimmed = text.trim();
  if (UNLIMITED.test(trimmed)) return 'max';
  const match = BYTES.exec(trimmed);
  if (!match) return undefined;
  const [, whole, fraction = '', unit] = match;
  const factor = unit ? 1024n ** BigInt(UNITS.indexOf(unit.toUpperCase()) + 1) : 1n;
  if (fraction && factor === 1n) return undefined;
  return BigInt(whole!) * factor + (BigInt(fraction || '0') * factor) / 10n ** BigInt(fraction.length);
}

/** A whole number, `max` or `-1`. */
export function parseCount(text: string): Amount | undefined {
  const trimmed = text.trim();
  if (UNLIMITED.test(trimmed)) return 'max';
  return /^\d+$/.test(trimmed) ? BigInt(trimmed) : undefined;
}

/** v1 writes "no limit" as -1, v2 as max. */
export const amountText = (amount: Amount, version: 1 | 2) =>
  amount === 'max' && version === 1 ? '-1' : String(amount);

/** v1 reads "no limit" back as the largest number of bytes in whole pages. */
const V1_UNLIMITED = 0x7ffffffffffff000n - 65536n;

export function readAmount(text: string): Amount | undefined {
  const amount = parseCount(text);
  return typeof amount === 'bigint' && amount >= V1_UNLIMITED ? 'max' : amount;
}

export function clamp(value: bigint, low: bigint, high: bigint): bigint {
  return value < low ? low : value > high ? high : value;
}

/** a * b / c, rounded to the nearest as the kernel's DIV_ROUND_CLOSEST. */
export const scale = (a: bigint, b: bigint, c: bigint) => (a * b + c / 2n) / c;

/** `0-2,5` as a set; undefined when it is no such list. */
export function parseList(text: string): Set<number> | undefined {
  const members = new Set<number>();
  for (const part of text.trim().split(',')) {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    if (!match) return text.trim() === '' ? members : undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last > 65535) return undefined;
    for (let member = first; member <= last; member++) members.add(member);
  }
  return members;
}

/** The inverse of parseList. */
export function listText(members: Iterable<number>): string {
  const parts: [number, number][] = [];
  for (const member of [...members].sort((a, b) => a - b)) {
    const open = parts.at(-1);
    if (open && open[1] === member - 1) open[1] = member;
    else parts.push([member, member]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
