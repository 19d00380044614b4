import { type KeyTarget, lookUpKey } from './key-lookup.ts';
import { NIC_KEYS } from './key-table.ts';
import type { KeyRow } from './keys/key-row.ts';
import type { Setting } from './setting.ts';
import type { NicFields, SettingStore } from './setting-store.ts';

type Settings = readonly Setting<unknown>[];

function printRow(row: KeyRow, settings: Settings): string {
  if (settings.length === 0) return row.default;
  if (row.repeated && row.printAll) return row.printAll(settings.map(({ value }) => value));
  return settings.map(({ value, text }) => row.type.print?.(value) ?? text).join('\n');
}

function printLines(row: KeyRow, settings: Settings): string {
  return settings.map((setting) => `${setting.key} = ${printRow(row, [setting])}`).join('\n');
}

function sorted(nics: Iterable<NicFields>): NicFields[] {
  return [...nics].sort((a, b) => a.index - b.index);
}

/** An interface without a type is one with nothing but the loopback. */
function nicType(nic: NicFields): string {
  return nic.fields.get('type')?.[0]?.text ?? 'empty';
}

function printNic(nic: NicFields): string {
  return Object.entries<KeyRow>(NIC_KEYS)
    .flatMap(([field, row]) => printLines(row, nic.fields.get(field) ?? []) || [])
    .join('\n');
}

function printNicField(
  { index, field, row }: KeyTarget & { kind: 'nic' },
  store: SettingStore,
): string | undefined {
  const nic = store.nics.get(index);
  if (!nic) return undefined;
  return field === 'type' ? nicType(nic) : printRow(row, nic.fields.get(field) ?? []);
}

/** See `ContainerConfig.get`. */
export function printKey(key: string, store: SettingStore): string | undefined {
  const target = lookUpKey(key);
  switch (target?.kind) {
    case 'key':
      // An include is replaced by what it brings.
      return key === 'lxc.include' ? undefined : printRow(target.row, store.keys.get(key) ?? []);
    case 'subtree': {
      const settings = store.subtrees.get(target.prefix)?.filter((setting) => setting.key === key);
      return printRow(target.row, settings ?? []);
    }
    case 'whole-subtree':
      return printSubtree(target.prefix, store);
    case 'nic':
      return printNicField(target, store);
    case 'whole-nic': {
      const nic = store.nics.get(target.index);
      return nic && printNic(nic);
    }
    case 'all-nics':
      return sorted(store.nics.values()).map(nicType).join('\n');
    default:
      return undefined;
  }
}

function printSubtree(
  prefix: (KeyTarget & { kind: 'whole-subtree' })['prefix'],
  store: SettingStore,
): string {
  return (store.subtrees.get(prefix) ?? [])
    .map((setting) => {
      const target = lookUpKey(setting.key);
      return target && 'row' in target ? printLines(target.row, [setting]) : '';
    })
    .join('\n');
}
