/** Whether a container's root filesystem is the container's to remove. */
import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ContainerConfig } from '../../config/container-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { splitOverlay } from '../../storage/overlay-path.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';
import { isElsewhere } from '../../storage/stores.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';

/**
 * Directories of the host's own system; a config that names one of them is a mistake that must not
 * cost the host.
 */
const HOST = new Set(
  '/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var /var/lib'.split(
    ' ',
  ),
);

/**
 * The root filesystem outside the container's directory that goes when the container goes;
 * undefined for none.
 */
export function ownRootfsOutside(ref: ContainerRef, config: ContainerConfig): Volume | undefined {
  const setting = config.get('lxc.rootfs.path');
  if (!setting) return undefined;
  const whole = volumeOf(setting.value);
  // See own-volumes.ts.
  if (isElsewhere(whole)) return undefined;
  // Only the upper directory of an overlay belongs to the container.
  const upper = whole.type === 'overlay' ? splitOverlay(whole.path)?.upper : undefined;
  const volume = upper === undefined ? whole : { type: whole.type, path: upper };
  const managed = config.get('lxc.rootfs.managed')?.value !== false;
  const inside = isBelow(realLocation(volume.path), realLocation(containerDirectory(ref)));
  if (inside && managed) return undefined;
  if (inside) {
    throw new TslxcError({
      code: 'CONFIG_CONFLICT',
      message: `${volume.path} is not to be removed (lxc.rootfs.managed = 0), but lies in the container's directory`,
      ...setting.origin,
      hint: 'move it elsewhere first, or remove the line lxc.rootfs.managed',
    });
  }
  if (!managed || !lstatSync(volume.path, { throwIfNoEntry: false })) return undefined;
  refuseForeign(ref, volume.path, setting.origin);
  return volume;
}

function refuseForeign(ref: ContainerRef, path: string, origin: { file: string; line: number }): void {
  const real = realLocation(path);
  const containers = realLocation(ref.lxcpath);
  const whose =
    HOST.has(real) || isBelow(containers, real) || real === containers
      ? "a directory of the host's"
      : isBelow(real, containers)
        ? 'in the directory of another container'
        : undefined;
  if (whose === undefined) return;
  throw new TslxcError({
    code: 'STORAGE',
    message: `the root filesystem ${path} is ${whose} and is not removed`,
    file: origin.file,
    line: origin.line,
    hint: 'with lxc.rootfs.managed = 0 the container is removed without it',
  });
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** Symlinks above the last component resolved. */
function realLocation(path: string): string {
  try {
    return path === '/' ? path : join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}
