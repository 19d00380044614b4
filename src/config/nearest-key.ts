import { lookUpKey } from './key-lookup.ts';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from './key-table.ts';
import type { AnySubtreeRow } from './keys/subtree-keys.ts';

/** Edit distance in which two swapped neighbours count as one edit (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

/** Keys that could have been meant: fixed ones, those of the nic that is named, those of families with known names. */
function* candidates(key: string): Generator<string> {
  yield* Object.keys(KEY_TABLE);
  const nic = /^lxc\.[a-z]+\.([0-9]{1,9})\b/.exec(key)?.[1] ?? '0';
  for (const field of Object.keys(NIC_KEYS)) yield `lxc.net.${nic}.${field}`;
  for (const [prefix, row] of Object.entries(SUBTREE_KEYS) as [string, AnySubtreeRow][]) {
    for (const name of row.names ?? []) yield prefix + name;
    // A slip in the fixed part of an open-ended family: keep what follows it.
    const parts = prefix.split('.').length - 1;
    const rest = key.split('.').slice(parts).join('.');
    if (!row.names && lookUpKey(prefix + rest)) yield prefix + rest;
  }
}

/** The most that a key can be off, in edits: a third of it, and never more than 4. */
const MOST_EDITS = 4;
/** Distances are not worked out for absurdly long keys. */
const LONGEST_KEY = 200;

/** The known key that is most like `key`, or undefined when none is. */
export function nearestKey(key: string): string | undefined {
  if (key.length > LONGEST_KEY) return undefined;
  const lower = key.toLowerCase();
  let nearest: string | undefined;
  let least = Math.min(MOST_EDITS, Math.floor(key.length / 3)) + 1;
  for (const candidate of candidates(lower)) {
    if (Math.abs(candidate.length - lower.length) >= least) continue;
    const distance = editDistance(lower, candidate);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}
