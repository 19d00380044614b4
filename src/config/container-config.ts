import type { ContainerSpec } from './container-spec.ts';
import { lookUpKey } from './key-lookup.ts';
import {
  KEY_TABLE,
  type RepeatedKey,
  type RepeatedValue,
  type SingleKey,
  type SingleValue,
  type SubtreePrefix,
  type SubtreeValue,
} from './key-table.ts';
import { type NicConfig, nicConfig } from './nic-config.ts';
import { printKey } from './print-key.ts';
import type { ConfigWarning, Setting } from './setting.ts';
import type { SettingStore } from './setting-store.ts';

/**
 * A container's configuration with its includes and the command line's settings, all values
 * checked. Does not change.
 */
export class ContainerConfig implements ContainerSpec {
  /** The outermost file. */
  readonly file: string;
  readonly warnings: readonly ConfigWarning[];
  readonly #store: SettingStore;

  constructor(file: string, store: SettingStore, warnings: readonly ConfigWarning[]) {
    this.file = file;
    this.warnings = warnings;
    this.#store = store;
  }

  /**
   * The setting of a key with one value; undefined when it is not set. Defaults are in the key
   * table.
   */
  get<K extends SingleKey>(key: K): Setting<SingleValue<K>> | undefined {
    return this.#store.keys.get(key)?.[0] as Setting<SingleValue<K>> | undefined;
  }

  /**
   * The settings of a key that adds up, in the order written; one for each item where a line holds
   * several.
   */
  getAll<K extends RepeatedKey>(key: K): Setting<RepeatedValue<K>>[] {
    return [...(this.#store.keys.get(key) ?? [])] as Setting<RepeatedValue<K>>[];
  }

  /** The settings of an open-ended family, in the order written. Their `key` is the whole key. */
  subtree<P extends SubtreePrefix>(prefix: P): Setting<SubtreeValue<P>>[] {
    return [...(this.#store.subtrees.get(prefix) ?? [])] as Setting<SubtreeValue<P>>[];
  }

  /**
   * The limits by names of both cgroup versions, in the order written across the two families and
   * all files: a rule for devices counts by its place in either family.
   */
  cgroupSettings(): Setting<string>[] {
    const both = [...this.subtree('lxc.cgroup.'), ...this.subtree('lxc.cgroup2.')];
    return this.#store.inOrder(both) as Setting<string>[];
  }

  /** The network interfaces by their numbers. */
  nics(): NicConfig[] {
    return [...this.#store.nics.values()].sort((a, b) => a.index - b.index).map(nicConfig);
  }

  /**
   * Settings that this version reads and checks, but that have no effect yet: the first of each
   * line, in the order of the key table.
   */
  notActedOn(): Setting<unknown>[] {
    const lines = new Map<string, Setting<unknown>>();
    for (const setting of this.#settings()) {
      const target = lookUpKey(setting.key);
      const line = `${setting.origin.line} ${setting.origin.file}`;
      const idle = target && 'row' in target && !target.row.acted && !isSoAnyway(setting);
      if (idle && !lines.has(line)) lines.set(line, setting);
    }
    return [...lines.values()];
  }

  /**
   * The value as `lxc-info -c KEY` prints it: the default if the key is not set, lists with a
   * newline between the items, a family (`lxc.cgroup`) as `key = value` lines. Undefined when there
   * is no such key or no such nic.
   */
  format(key: string): string | undefined {
    return printKey(key, this.#store);
  }

  *#settings(): Generator<Setting<unknown>> {
    for (const key of Object.keys(KEY_TABLE)) yield* this.#store.keys.get(key) ?? [];
    for (const settings of this.#store.subtrees.values()) yield* settings;
    for (const nic of this.#store.nics.values()) for (const settings of nic.fields.values()) yield* settings;
  }
}

/** Without a security module's profile a container is unconfined, as the config wants it. */
function isSoAnyway({ key, value }: Setting<unknown>): boolean {
  return (
    (key === 'lxc.apparmor.profile' || key === 'lxc.selinux.context') &&
    (value === 'unconfined' || value === 'unchanged')
  );
}
