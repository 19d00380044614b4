/** `lxc.rootfs.size`, and what else a root filesystem needs before it is mounted by the stage. */
import { existsSync } from 'node:fs';
import type { ContainerConfig } from '../../config/container-config.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import type { NicOrigin } from '../../network/nic-plan.ts';
import { storeOf } from '../../storage/backing-store.ts';
import { activate } from '../../storage/lvm-store.ts';
import { overlayLayers } from '../../storage/overlay-path.ts';
import { rootEscapesQuota } from '../../storage/project-quota.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';

/** What is to be done with a volume at a start. */
export interface VolumePlan {
  readonly volume: Volume;
  /** Bytes; 0: no limit any more. */
  readonly size?: number;
  readonly origin?: NicOrigin;
  /** Root inside may do what quotas of ext4 do not hold (CAP_SYS_RESOURCE without an id map). */
  readonly mighty: boolean;
}

/** Undefined: it is mounted as it is. */
export function planVolume(config: ContainerConfig, mighty: boolean): VolumePlan | undefined {
  const path = config.get('lxc.rootfs.path');
  if (!path) return undefined;
  const volume = volumeOf(path.value);
  const size = config.get('lxc.rootfs.size');
  if (!size && volume.type !== 'lvm') return undefined;
  return { volume, mighty, ...(size ? { size: size.value, origin: size.origin } : {}) };
}

/**
 * Sets the quota of a directory, subvolume or dataset, or makes a device or image as large; one that is larger stays so.
 * @throws TslxcError NOT_SUPPORTED, CONFIG_CONFLICT, STORAGE … with the config's line
 */
export async function prepareVolume({ volume, size, origin, mighty }: VolumePlan): Promise<void> {
  try {
    if (volume.type === 'lvm' && !existsSync(volume.path)) await activate(volume.path);
    if (size === undefined) return;
    const store = storeOf(volume);
    const usage = await store.usage(volume);
    if (store.hasFilesystem ? size <= (usage.size ?? 0) : size === (usage.size ?? 0)) return;
    if (size > 0 && mighty) refuseMighty(volume);
    await store.resize(volume, size);
  } catch (error) {
    throw origin ? toTslxcError(error, 'STORAGE', origin) : error;
  }
}

function refuseMighty(volume: Volume): void {
  const place =
    volume.type === 'dir'
      ? volume.path
      : volume.type === 'overlay'
        ? overlayLayers(volume.path).upper
        : undefined;
  if (place === undefined || !rootEscapesQuota(place)) return;
  throw new TslxcError({
    code: 'CONFIG_CONFLICT',
    message: 'ext4 does not hold the root of this container to a size: it has CAP_SYS_RESOURCE on the host',
    hint: 'give it an id map (lxc.idmap), or take that away: lxc.cap.drop = sys_resource',
  });
}
