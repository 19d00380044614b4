/** `lxc.rootfs.size`, and what else a root filesystem needs before it is mounted by the stage. */
import { existsSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { activate } from '../../storage/lvm-store.ts';
import { overlayLayers } from '../../storage/overlay-path.ts';
import { rootEscapesQuota } from '../../storage/project-quota.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import type { VolumePlan } from '../plan/volume-plan.ts';

/**
 * Sets the quota of a directory, subvolume or dataset, or makes a device or image as large; one
 * that is larger stays so.
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
