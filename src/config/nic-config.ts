import type { NicKey, NicValue, RepeatedNicKey, SingleNicKey } from './key-table.ts';
import { NIC_KEYS } from './key-table.ts';
import type { Origin, Setting } from './setting.ts';
import type { NicFields } from './setting-store.ts';

/** `ipv4.address` -> `ipv4Address`, `veth.n_rxqueues` -> `vethNRxqueues`. */
type FieldName<K extends string> = K extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<FieldName<Tail>>}`
  : K extends `${infer Head}_${infer Tail}`
    ? `${Head}${Capitalize<FieldName<Tail>>}`
    : K;

/**
 * A network interface: a property for each key of the nic table. A key with one value is
 * undefined when it is not set, a key that adds up is an empty list.
 */
export type NicConfig = {
  /** The N of `lxc.net.N`. */
  readonly index: number;
  /** The first line about the interface. */
  readonly origin: Origin;
} & { readonly [K in SingleNicKey as FieldName<K>]: Setting<NicValue<K>> | undefined } & {
  readonly [K in RepeatedNicKey as FieldName<K>]: readonly Setting<NicValue<K>>[];
};

function fieldName(key: NicKey): string {
  return key.replace(/[._]([a-z])/g, (_separator, letter: string) => letter.toUpperCase());
}

/** The names of the fields, worked out once: a config may have thousands of interfaces. */
const FIELDS = (Object.keys(NIC_KEYS) as NicKey[]).map((key) => ({
  key,
  name: fieldName(key),
  repeated: NIC_KEYS[key].repeated,
}));

export function nicConfig(nic: NicFields): NicConfig {
  const config: Record<string, unknown> = { index: nic.index, origin: nic.origin };
  for (const { key, name, repeated } of FIELDS) {
    const settings = nic.fields.get(key);
    config[name] = repeated ? (settings ?? []) : settings?.[0];
  }
  return config as NicConfig;
}
