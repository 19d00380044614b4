import type { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../src/config/key-table.ts';
import type { SystemKey } from '../../src/config/system-keys.ts';

/** A key as the register knows it: `lxc.uts.name`, `lxc.net.N.mtu`, `lxc.sysctl.*`; those of the system file as well. */
export type RegisteredKey =
  | keyof typeof KEY_TABLE
  | `lxc.net.N.${keyof typeof NIC_KEYS}`
  | `${keyof typeof SUBTREE_KEYS}*`
  | SystemKey;

/**
 * Says that the test it stands in sees what these keys do: inside a running container, or wherever they have their
 * effect. It does nothing when run. `test/config/register.test.ts` reads the calls (so the keys have to be written out,
 * as strings) and fails for a key that is acted on and that no test covers.
 */
export function covers(..._keys: RegisteredKey[]): void {}
