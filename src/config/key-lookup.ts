import { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS, type SubtreePrefix } from './key-table.ts';
import type { KeyRow } from './keys/key-row.ts';
import type { AnySubtreeRow } from './keys/subtree-keys.ts';

/** What a key in a file refers to. */
export type KeyTarget =
  | { readonly kind: 'key'; readonly row: KeyRow }
  | { readonly kind: 'subtree'; readonly prefix: SubtreePrefix; readonly row: KeyRow; readonly name: string }
  | { readonly kind: 'nic'; readonly index: number; readonly field: string; readonly row: KeyRow }
  /** Keys that can only be emptied. */
  | { readonly kind: 'whole-subtree'; readonly prefix: SubtreePrefix }
  | { readonly kind: 'whole-nic'; readonly index: number }
  | { readonly kind: 'all-nics' }
  | { readonly kind: 'all-hooks' };

/** LXC keeps the number in an unsigned int. */
const NIC = /^lxc\.net\.([0-9]{1,9})(?:\.(.*))?$/;
const FIXED: Readonly<Record<string, KeyRow>> = KEY_TABLE;
const NIC_FIELDS: Readonly<Record<string, KeyRow>> = NIC_KEYS;
const PREFIXES = Object.keys(SUBTREE_KEYS) as SubtreePrefix[];

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function nicTarget(key: string): KeyTarget | undefined {
  const [, digits, field] = NIC.exec(key) ?? [];
  if (digits === undefined) return undefined;
  const index = Number.parseInt(digits, 10);
  if (field === undefined) return { kind: 'whole-nic', index };
  const row = own(NIC_FIELDS, field);
  return row && { kind: 'nic', index, field, row };
}

function subtreeTarget(key: string): KeyTarget | undefined {
  const prefix = PREFIXES.find((start) => key.startsWith(start));
  if (prefix) {
    const row: AnySubtreeRow = SUBTREE_KEYS[prefix];
    const name = key.slice(prefix.length);
    const numbered = prefix === 'lxc.prlimit.' && /^[0-9]{1,3}$/.test(name);
    const known = row.names ? numbered || row.names.includes(name) : name !== '' && !/\s/.test(name);
    return known ? { kind: 'subtree', prefix, row, name } : undefined;
  }
  const whole = PREFIXES.find((start) => key === start.slice(0, -1) && SUBTREE_KEYS[start].clearable);
  return whole && { kind: 'whole-subtree', prefix: whole };
}

/** What `key` means, or undefined when there is no such key. */
export function lookUpKey(key: string): KeyTarget | undefined {
  const row = own(FIXED, key);
  if (row) return { kind: 'key', row };
  if (key === 'lxc.net') return { kind: 'all-nics' };
  if (key === 'lxc.hook') return { kind: 'all-hooks' };
  // Below lxc.cgroup.dir there are fixed names only; as a controller "dir" would be a typo without
  // a trace.
  if (key.startsWith('lxc.cgroup.dir.')) return undefined;
  return nicTarget(key) ?? subtreeTarget(key);
}
