import { readFileSync } from 'node:fs';

/**
 * A line of a user namespace's map: `range` ids from `nsId` inside stand for those from `hostId`
 * outside.
 */
export interface IdMapEntry {
  readonly type: 'u' | 'g';
  readonly nsId: number;
  readonly hostId: number;
  readonly range: number;
  /** The config line of the entry. */
  readonly origin?: { readonly file: string; readonly line: number };
}

/** The entry as a config has it: `u 0 100000 65536`. */
export function idMapText({ type, nsId, hostId, range }: IdMapEntry): string {
  return `${type} ${nsId} ${hostId} ${range}`;
}

/** The text for /proc/PID/uid_map or gid_map. */
export function mapText(map: readonly IdMapEntry[], type: 'u' | 'g'): string {
  return map
    .filter((entry) => entry.type === type)
    .map((entry) => `${entry.nsId} ${entry.hostId} ${entry.range}\n`)
    .join('');
}

/** The host id of an id inside; undefined if the map has none. */
export function hostIdOf(map: readonly IdMapEntry[], type: 'u' | 'g', id: number): number | undefined {
  const entry = map.find((e) => e.type === type && id >= e.nsId && id < e.nsId + e.range);
  return entry && entry.hostId + (id - entry.nsId);
}

/** Ids inside that stand for the namespace as a whole: those of its root, where it has one. */
/**
 * The id on disk of files that the host's root makes in a tree shown with a map. No image uses this
 * id.
 */
const OF_HOST_ROOT = 4_294_967_293;

/**
 * Adds an id for the host's root to a map, for a tree that the host writes to as well: without such
 * an id the host's root could make no files there. Inside, these files belong to the overflow user,
 * as in any file system with shifted owners.
 */
export function withHostRoot(map: readonly IdMapEntry[]): readonly IdMapEntry[] {
  const added = (['u', 'g'] as const).filter(
    (type) => !map.some((entry) => entry.type === type && entry.hostId === 0),
  );
  return [...map, ...added.map((type) => ({ type, nsId: OF_HOST_ROOT, hostId: 0, range: 1 }))];
}

export interface NamespaceOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The ids that own a container's files: those of root if the map has root (or there is no map),
 * else those of init.
 */
export function ownerOf(map: readonly IdMapEntry[], init: NamespaceOwner): NamespaceOwner {
  const has = (type: 'u' | 'g') => map.length === 0 || hostIdOf(map, type, 0) !== undefined;
  return { uid: has('u') ? 0 : init.uid, gid: has('g') ? 0 : init.gid };
}

/** A range of host ids. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/**
 * The ids that exist here, from /proc/self/uid_map or gid_map. On an ordinary host these are all
 * 2^32-1 ids.
 */
export function availableIds(type: 'u' | 'g'): Range[] {
  const text = readFileSync(type === 'u' ? '/proc/self/uid_map' : '/proc/self/gid_map', 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [first, , count] = line.trim().split(/\s+/).map(Number);
      return { first: first!, count: count! };
    });
}

/** Largest number of entries in a map (Linux 4.15). */
const MOST_ENTRIES = 340;

/** The host ids of an entry that are in none of the ranges. */
export function missingIds({ hostId, range }: IdMapEntry, available: readonly Range[]): Range[] {
  const missing: Range[] = [];
  let next = hostId;
  const end = hostId + range;
  for (const { first, count } of available.toSorted((a, b) => a.first - b.first)) {
    if (first + count <= next || next >= end) continue;
    if (first > next) missing.push({ first: next, count: Math.min(first, end) - next });
    next = first + count;
  }
  if (next < end) missing.push({ first: next, count: end - next });
  return missing;
}

/** `1000 and 100000 to 165535`. */
export function rangesText(ranges: readonly Range[]): string {
  return ranges
    .map(({ first, count }) => (count === 1 ? `${first}` : `${first} to ${first + count - 1}`))
    .join(' and ');
}

/**
 * Returns the fault of a map as a sentence that names the entry; undefined if the kernel will
 * accept the map.
 */
export function mapFault(
  map: readonly IdMapEntry[],
  available: Record<'u' | 'g', readonly Range[]>,
  init: NamespaceOwner = { uid: 0, gid: 0 },
): { entry: IdMapEntry; message: string } | undefined {
  for (const [i, entry] of map.entries()) {
    const what = `${entry.type} ${entry.nsId} ${entry.hostId} ${entry.range}`;
    if (entry.range < 1) return { entry, message: `the range of "${what}" is empty` };
    const missing = missingIds(entry, available[entry.type]);
    if (missing.length > 0)
      return {
        entry,
        message: `host ${entry.type === 'u' ? 'user' : 'group'} ids ${rangesText(missing)} of "${what}" are not available here (${rangesText(available[entry.type]) || 'none'} are)`,
      };
    const other = map
      .slice(0, i)
      .find(
        (o) =>
          o.type === entry.type &&
          (overlaps(o.nsId, o.range, entry.nsId, entry.range) ||
            overlaps(o.hostId, o.range, entry.hostId, entry.range)),
      );
    if (other)
      return {
        entry,
        message: `"${what}" overlaps "${other.type} ${other.nsId} ${other.hostId} ${other.range}"`,
      };
  }
  for (const type of ['u', 'g'] as const) {
    const entries = map.filter((entry) => entry.type === type);
    const kind = type === 'u' ? 'user' : 'group';
    if (entries.length === 0 && map.length > 0)
      return { entry: map[0]!, message: `there is no ${kind} map (a "${type}" line)` };
    if (entries.length > MOST_ENTRIES)
      return {
        entry: entries[MOST_ENTRIES]!,
        message: `the ${kind} map has ${entries.length} lines: the kernel takes ${MOST_ENTRIES}`,
      };
  }
  const owner = ownerOf(map, init);
  for (const [type, id] of [
    ['u', owner.uid],
    ['g', owner.gid],
  ] as const)
    if (map.length > 0 && hostIdOf(map, type, id) === undefined)
      return {
        entry: map.find((entry) => entry.type === type)!,
        message: `${type === 'u' ? 'user' : 'group'} ${id} of the container, which its init runs as, has no id on the host`,
      };
  return undefined;
}

function overlaps(a: number, aCount: number, b: number, bCount: number): boolean {
  return a < b + bCount && b < a + aCount;
}
