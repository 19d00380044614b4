import { readFileSync } from 'node:fs';

/** One line of a user namespace's map: `range` ids from `nsId` inside are those from `hostId` outside. */
export interface IdMapEntry {
  readonly type: 'u' | 'g';
  readonly nsId: number;
  readonly hostId: number;
  readonly range: number;
}

/** An entry as a config has it: `u 0 100000 65536`. */
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

/** Host id of an id inside, or undefined where the map has none. */
export function hostIdOf(map: readonly IdMapEntry[], type: 'u' | 'g', id: number): number | undefined {
  const entry = map.find((e) => e.type === type && id >= e.nsId && id < e.nsId + e.range);
  return entry && entry.hostId + (id - entry.nsId);
}

/** Ids inside that stand for the namespace as a whole: those of its root, where it has one. */
export interface NamespaceOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Root where the map has it (or there is no map); else the ids that init runs with. */
export function ownerOf(map: readonly IdMapEntry[], init: NamespaceOwner): NamespaceOwner {
  const has = (type: 'u' | 'g') => map.length === 0 || hostIdOf(map, type, 0) !== undefined;
  return { uid: has('u') ? 0 : init.uid, gid: has('g') ? 0 : init.gid };
}

/** A range of host ids that the caller's own user namespace has. */
interface Range {
  readonly first: number;
  readonly count: number;
}

/** The ids that exist here, from /proc/self/uid_map or gid_map: all 2^32-1 of them on an ordinary host. */
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

/** What is wrong with a map, in one sentence naming the entry; undefined when the kernel will take it. */
export function mapFault(
  map: readonly IdMapEntry[],
  available: Record<'u' | 'g', readonly Range[]>,
  init: NamespaceOwner = { uid: 0, gid: 0 },
): { entry: IdMapEntry; message: string } | undefined {
  for (const [i, entry] of map.entries()) {
    const what = `${entry.type} ${entry.nsId} ${entry.hostId} ${entry.range}`;
    if (entry.range < 1) return { entry, message: `the range of "${what}" is empty` };
    const inside = available[entry.type].some(
      ({ first, count }) => entry.hostId >= first && entry.hostId + entry.range <= first + count,
    );
    if (!inside)
      return {
        entry,
        message: `host ${entry.type === 'u' ? 'user' : 'group'} ids ${entry.hostId} to ${entry.hostId + entry.range - 1} are not available here`,
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
  for (const type of ['u', 'g'] as const)
    if (!map.some((entry) => entry.type === type) && map.length > 0)
      return {
        entry: map[0]!,
        message: `there is no ${type === 'u' ? 'user' : 'group'} map (a "${type}" line)`,
      };
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
