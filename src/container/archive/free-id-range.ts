/** Unused ids of the host, for a container that gets an id map of its own. */
import { readFileSync } from 'node:fs';
import { bothKinds } from '../../config/values/id-map.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Range } from '../../security/id-map.ts';
import { SUBORDINATE_FILES, subordinateIds } from '../../security/subordinate-ids.ts';
import { configInForce } from '../observe/config-of-run.ts';
import { listContainers } from '../state/list.ts';
import { allRunning } from '../state/runtime-record.ts';

/** How many ids a container gets: those that a distribution uses. */
export const RANGE = 65_536;
/** Where ids are looked for when root has none in /etc/subuid and /etc/subgid. */
const FIRST = 1_000_000;
const LAST = 0x7fff_0000;

/**
 * The first id of a range that no container of the directory, no running container and, unless it
 * is root's own, no line of subuid(5) or subgid(5) has. The same one for users and groups.
 * @throws TslxcError NOT_SUPPORTED when there is none
 */
export function freeIdRange(lxcpath: string): number {
  const taken = usedByContainers(lxcpath);
  const groups = subordinateIds('g', 0);
  const shared = subordinateIds('u', 0).filter(({ first, count }) =>
    groups.some((other) => other.first <= first && other.first + other.count >= first + count),
  );
  const found =
    firstFree(shared, taken) ?? firstFree([{ first: FIRST, count: LAST - FIRST }], [...taken, ...ofUsers()]);
  if (found !== undefined) return found;
  throw new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `no range of ${RANGE} ids is free for the container`,
    hint: 'destroy containers with an id map that are not needed any more',
  });
}

/** The first place for a whole range in one of `places` that overlaps nothing that is taken. */
export function firstFree(places: readonly Range[], taken: readonly Range[]): number | undefined {
  for (const place of places)
    for (let at = place.first; at + RANGE <= place.first + place.count; ) {
      const other = taken.find(({ first, count }) => first < at + RANGE && at < first + count);
      if (!other) return at;
      at = other.first + other.count;
    }
  return undefined;
}

function usedByContainers(lxcpath: string): Range[] {
  const records = allRunning();
  const refs = [...listContainers(lxcpath).map((name) => ({ name, lxcpath })), ...records];
  return refs.flatMap((ref) =>
    configInForce(ref, undefined)
      .config.getAll('lxc.idmap')
      .flatMap(({ value }) => bothKinds(value).map(({ hostId, range }) => ({ first: hostId, count: range }))),
  );
}

/** Every line of subuid(5) and subgid(5): FIRST is beyond the ids of users themselves. */
function ofUsers(): Range[] {
  return Object.values(SUBORDINATE_FILES).flatMap((file) => {
    try {
      return readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.split(':').map(Number))
        .map(([, first = Number.NaN, count = Number.NaN]) => ({ first, count }))
        .filter(({ first, count }) => Number.isSafeInteger(first + count));
    } catch {
      return [];
    }
  });
}
