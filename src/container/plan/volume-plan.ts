/** `lxc.rootfs.size`: what the volume of the root filesystem needs before it is mounted. */
import type { ContainerSpec } from '../../config/container-spec.ts';
import type { NicOrigin } from '../../network/nic-plan.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';

/** Work on a volume at a start. */
export interface VolumePlan {
  readonly volume: Volume;
  /** Bytes; 0 removes the limit. */
  readonly size?: number;
  readonly origin?: NicOrigin;
  /** Root inside may do what quotas of ext4 do not hold (CAP_SYS_RESOURCE without an id map). */
  readonly mighty: boolean;
}

/** Undefined: it is mounted as it is. */
export function planVolume(config: ContainerSpec, mighty: boolean): VolumePlan | undefined {
  const path = config.get('lxc.rootfs.path');
  if (!path) return undefined;
  const volume = volumeOf(path.value);
  const size = config.get('lxc.rootfs.size');
  if (!size && volume.type !== 'lvm') return undefined;
  return { volume, mighty, ...(size ? { size: size.value, origin: size.origin } : {}) };
}
