/**
 * What a container is to be, typed and checked, from any config language: settings by their key,
 * each with the place it comes from. A plan is made of this alone. The config language gives a
 * `ContainerConfig`; another front, such as a reader of OCI's config.json, gives an object of its
 * own.
 */
import type {
  RepeatedKey,
  RepeatedValue,
  SingleKey,
  SingleValue,
  SubtreePrefix,
  SubtreeValue,
} from './key-table.ts';
import type { NicConfig } from './nic-config.ts';
import type { Setting } from './setting.ts';

export interface ContainerSpec {
  /** The file that describes the container: what errors name that are about no single setting. */
  readonly file: string;
  /**
   * The setting of a key with one value; undefined when it is not set. Defaults are in the key
   * table.
   */
  get<K extends SingleKey>(key: K): Setting<SingleValue<K>> | undefined;
  /** The settings of a key that adds up, in order; one for each item. */
  getAll<K extends RepeatedKey>(key: K): readonly Setting<RepeatedValue<K>>[];
  /** The settings of an open-ended family, in order. Their `key` is the whole key. */
  subtree<P extends SubtreePrefix>(prefix: P): readonly Setting<SubtreeValue<P>>[];
  /** The limits by names of both cgroup versions, in order across the two families. */
  cgroupSettings(): readonly Setting<string>[];
  /** The network interfaces by their numbers. */
  nics(): readonly NicConfig[];
}
