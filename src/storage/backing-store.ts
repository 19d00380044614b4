import type { MountedVolume } from './mounted-volume.ts';
import type { Volume, VolumeType } from './rootfs-path.ts';

/**
 * Properties of a new volume. A store reads the properties that it knows; missing ones have LXC's
 * defaults.
 */
export interface VolumeOptions {
  /** Bytes: of the volume, or a quota where the store has no size of its own. */
  readonly size?: number;
  /** Filesystem to make on a device or image. */
  readonly fstype?: string;
  /** Absolute path of the directory, instead of `rootfs` in the container's. */
  readonly directory?: string;
  readonly volumeGroup?: string;
  readonly logicalVolume?: string;
  readonly thinPool?: string;
  readonly zfsRoot?: string;
  readonly cephImage?: string;
  readonly cephPool?: string;
  readonly cephUser?: string;
}

/** Where a new volume belongs. */
export interface VolumePlace {
  /** Directory of the container or snapshot. */
  readonly directory: string;
  /** Names what does not lie in a directory: a logical volume, a dataset. */
  readonly name: string;
  readonly options?: VolumeOptions;
  /**
   * A volume of the same type in whose group, pool or dataset it goes where the options say
   * nothing.
   */
  readonly beside?: Volume;
}

export interface VolumeUsage {
  /** Bytes that there may be at most; undefined for what the filesystem has. */
  readonly size: number | undefined;
  /** Bytes in use; undefined where only counting all files would tell. */
  readonly used: number | undefined;
  /** The filesystem on a device or image. */
  readonly fstype?: string | undefined;
}

/**
 * The operations of a kind of storage. Each operation works on paths of the host, leaves nothing
 * behind that its caller did not name, and throws STORAGE, DISK_FULL, TOOL_MISSING, NOT_SUPPORTED
 * or the signal's reason. A caller writes down a volume's name before it makes the volume: `remove`
 * accepts a missing volume.
 */
export interface BackingStore {
  readonly type: VolumeType;
  /** `snapshotClone` costs the same for any size. */
  readonly canSnapshotClone: boolean;
  /**
   * The volume lies in the container's directory: it goes where the directory goes and is removed
   * with it.
   */
  readonly inDirectory: boolean;
  /**
   * The volume is a device or image with a filesystem of its own, for which a size and type can be
   * asked.
   */
  readonly hasFilesystem: boolean;
  /** Why this host, or this place on it, cannot have such a volume: thrown. */
  check(place: VolumePlace): Promise<void>;
  /** The volume that belongs to a place. Nothing is made. */
  at(place: VolumePlace): Volume;
  /** Makes an empty volume. */
  create(volume: Volume, options?: VolumeOptions): Promise<void>;
  /**
   * Makes the content reachable, in a mount namespace of its own where something has to be mounted:
   * nothing is left of that when this process is killed. `fill`: for who makes the first content
   * (with an overlay that is the lower layer).
   */
  mount(volume: Volume, purpose?: 'use' | 'fill'): Promise<MountedVolume>;
  /**
   * `to` becomes a writable copy of `from` (both of this type) that shares what they have in
   * common.
   */
  snapshotClone?(from: Volume, to: Volume, options?: VolumeOptions): Promise<void>;
  /** Whether what `snapshotClone` makes of it outlives it. Not said: it does. */
  standsAlone?(volume: Volume): Promise<boolean>;
  /** Moves it at once, in the same filesystem, group or pool. */
  rename(from: Volume, to: Volume): Promise<void>;
  /** Removes it with all its content; no error when it is not there. */
  remove(volume: Volume): Promise<void>;
  exists(volume: Volume): Promise<boolean>;
  /** Paths, devices or datasets of others without which the volume is lost, besides its own. */
  sharesWith(volume: Volume): Promise<readonly string[]>;
  usage(volume: Volume): Promise<VolumeUsage>;
  /** Gives it another size, or another quota (0: none). */
  resize(volume: Volume, size: number): Promise<void>;
}
