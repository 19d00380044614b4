import { BadValue } from './bad-value.ts';
import type { ValueType } from './value-type.ts';

export const STORAGE_TYPES = [
  'dir',
  'btrfs',
  'zfs',
  'lvm',
  'loop',
  'overlay',
  'overlayfs',
  'rbd',
  'nbd',
] as const;
export type StorageType = (typeof STORAGE_TYPES)[number];

/** What `lxc.rootfs.path` says. */
export interface RootfsPath {
  /** Undefined: found out by looking at `path`. `overlayfs` is given as `overlay`. */
  readonly storage: Exclude<StorageType, 'overlayfs'> | undefined;
  /** Without the type: a path, for overlay `LOWER:UPPER`. */
  readonly path: string;
}

export const rootfsPath: ValueType<RootfsPath> = {
  name: '[TYPE:]PATH',
  valid: `a path, with one of ${STORAGE_TYPES.map((type) => `${type}:`).join(' ')} in front or without`,
  parse(text) {
    // LXC takes all text in front of the first colon for a type, and so cuts `/srv/a:b` down to
    // `b`.
    const prefix = /^([^/:]*):(.*)$/.exec(text);
    if (!prefix) return { storage: undefined, path: text };
    const storage = STORAGE_TYPES.find((type) => type === prefix[1]);
    if (!storage) throw new BadValue(`"${prefix[1]}" is not a type of storage`);
    if (!prefix[2]) throw new BadValue(`no path after "${storage}:"`, text.length);
    return { storage: storage === 'overlayfs' ? 'overlay' : storage, path: prefix[2] };
  },
  print: (value) => value.path,
};

/** Mount options, LXC's own set apart. */
export interface RootfsOptions {
  /** For mount(2), in the order written. */
  readonly options: readonly string[];
  /** `container`: the container's own map; else the path of a user namespace. */
  readonly idmap: string | undefined;
}

export const rootfsOptions: ValueType<RootfsOptions> = {
  name: 'OPTION,…',
  valid: 'mount options separated by commas; idmap=container or idmap=PATH besides them',
  parse(text) {
    const options = text.split(',').filter((option) => option !== '');
    const maps = options.filter((option) => option.startsWith('idmap='));
    const idmap = maps.at(-1)?.slice('idmap='.length);
    if (idmap !== undefined && idmap !== 'container' && !idmap.startsWith('/')) {
      throw new BadValue(`"${idmap}" is neither "container" nor a path`, text.lastIndexOf(idmap));
    }
    return { options: options.filter((option) => !option.startsWith('idmap=')), idmap };
  },
};
