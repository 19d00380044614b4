import { CGROUP_KEYS } from './keys/cgroup-keys.ts';
import { FILESYSTEM_KEYS } from './keys/filesystem-keys.ts';
import { HOOK_KEYS } from './keys/hook-keys.ts';
import { INIT_KEYS } from './keys/init-keys.ts';
import type { KeyRow, RepeatedRow, SingleRow, ValueOf } from './keys/key-row.ts';
import { NIC_KEYS } from './keys/nic-keys.ts';
import { SECURITY_KEYS } from './keys/security-keys.ts';
import { SUBTREE_KEYS } from './keys/subtree-keys.ts';

/**
 * Every key with a fixed name. The single source for reading, printing, completion and the manual.
 */
export const KEY_TABLE = {
  ...INIT_KEYS,
  ...FILESYSTEM_KEYS,
  ...SECURITY_KEYS,
  ...CGROUP_KEYS,
  ...HOOK_KEYS,
} satisfies Record<string, KeyRow>;

export { NIC_KEYS, SUBTREE_KEYS };

/** The table in the order and under the headings of the manual. */
export const KEY_FAMILIES: readonly {
  readonly title: string;
  readonly keys: Readonly<Record<string, KeyRow>>;
}[] = [
  { title: 'Identity and init', keys: INIT_KEYS },
  { title: 'Filesystems and terminals', keys: FILESYSTEM_KEYS },
  { title: 'Namespaces and security', keys: SECURITY_KEYS },
  { title: 'Cgroups', keys: CGROUP_KEYS },
  { title: 'Open-ended families', keys: SUBTREE_KEYS },
  { title: 'Network interfaces', keys: NIC_KEYS },
  { title: 'Hooks, log, includes', keys: HOOK_KEYS },
];

/** Keys of a table whose rows are of one sort. */
type KeysOf<Table, Row> = { [K in keyof Table]: Table[K] extends Row ? K : never }[keyof Table];
// biome-ignore lint/suspicious/noExplicitAny: as above
export type SingleKey = KeysOf<typeof KEY_TABLE, SingleRow<any>>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type RepeatedKey = KeysOf<typeof KEY_TABLE, RepeatedRow<any>>;
export type SingleValue<K extends SingleKey> = ValueOf<(typeof KEY_TABLE)[K]>;
export type RepeatedValue<K extends RepeatedKey> = ValueOf<(typeof KEY_TABLE)[K]>;

export type SubtreePrefix = keyof typeof SUBTREE_KEYS;
export type SubtreeValue<P extends SubtreePrefix> = ValueOf<(typeof SUBTREE_KEYS)[P]>;

export type NicKey = keyof typeof NIC_KEYS;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type SingleNicKey = KeysOf<typeof NIC_KEYS, SingleRow<any>>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type RepeatedNicKey = KeysOf<typeof NIC_KEYS, RepeatedRow<any>>;
export type NicValue<K extends NicKey> = ValueOf<(typeof NIC_KEYS)[K]>;
