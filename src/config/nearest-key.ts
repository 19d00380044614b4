import { nearestOf } from '../util/edit-distance.ts';
import { lookUpKey } from './key-lookup.ts';
import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from './key-table.ts';
import type { AnySubtreeRow } from './keys/subtree-keys.ts';

/** Keys that stand for all below them. */
const FAMILIES = [
  'lxc.net',
  'lxc.cgroup',
  'lxc.cgroup2',
  'lxc.hook',
  'lxc.sysctl',
  'lxc.proc',
  'lxc.prlimit',
];

/**
 * Keys that could have been meant: fixed ones, those of the nic that is named, those of families
 * with known names.
 */
function* candidates(key: string): Generator<string> {
  yield* Object.keys(KEY_TABLE);
  yield* FAMILIES;
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

/** The most edits that a near key may need. A third of the part behind `lxc.` is a limit too. */
const MOST_EDITS = 4;

/** The known key that is most like `key`, or undefined when none is. */
export function nearestKey(key: string): string | undefined {
  // What every key begins with makes no short word like another one.
  const own = key.replace(/^lxc\./i, '').length;
  return nearestOf(key, candidates(key.toLowerCase()), Math.min(MOST_EDITS, Math.floor((own + 1) / 3)));
}
