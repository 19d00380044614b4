import { basename, dirname, join } from 'node:path';
import type { ContainerSpec } from '../../config/container-spec.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import type { RootfsVolume, StartStagePlan } from '../../stage/plan.ts';
import { overlayLayers } from '../../storage/overlay-path.ts';
import { type Volume, type VolumeType, volumeOf } from '../../storage/rootfs-path.ts';
import { isViewLink, viewPath } from '../../storage/rootfs-view.ts';
import { unsupportedStorage } from '../../storage/stores.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { parseMountOptions } from './mount-options.ts';

/** What the stage has to do for a volume of each type. */
const FOR_STAGE: Readonly<Record<VolumeType, (volume: Volume) => RootfsVolume>> = {
  dir: ({ path }) => ({ kind: 'tree', path }),
  btrfs: ({ path }) => ({ kind: 'tree', path }),
  overlay({ path }) {
    const { lowers, upper, work } = overlayLayers(path);
    return {
      kind: 'overlay',
      lowers,
      upper: basename(upper),
      work: { directory: dirname(work), name: basename(work) },
    };
  },
  loop: ({ path }) => ({ kind: 'loop', file: path }),
  lvm: ({ path }) => ({ kind: 'block', device: path }),
  // The device is mapped before the start, as with LXC.
  rbd: ({ path }) => ({ kind: 'block', device: path }),
  zfs: ({ path }) => ({ kind: 'block', device: path, fstype: 'zfs' }),
  nbd: ({ type }) => {
    throw unsupportedStorage(type);
  },
};

/** Types whose volumes are named by a path of the host. */
const ON_PATHS: ReadonlySet<VolumeType> = new Set(['dir', 'btrfs', 'loop', 'overlay']);

/**
 * Without a type in front, a path without a slash at the beginning is taken for a ZFS dataset,
 * whose name has the form POOL/NAME.
 */
function isRelative({ type, path }: Volume, isUntyped: boolean): boolean {
  if (path.startsWith('/')) return false;
  return ON_PATHS.has(type) || (type === 'zfs' && isUntyped && (!path.includes('/') || path.startsWith('.')));
}

/**
 * The root filesystem of a container and how it is mounted. `mountPoint`: where, unless
 * lxc.rootfs.mount says.
 * @throws TslxcError ROOTFS_MISSING where the config has none, CONFIG_VALUE, NOT_SUPPORTED
 */
export function planRootfs(
  ref: ContainerRef,
  config: ContainerSpec,
  mountPoint: string,
): StartStagePlan['rootfs'] {
  const rootfs = config.get('lxc.rootfs.path');
  if (!rootfs)
    throw new TslxcError({
      code: 'ROOTFS_MISSING',
      container: ref.name,
      message:
        'lxc.rootfs.path is not set: a container without a root filesystem of its own is not supported',
      file: config.file,
      hint: `add \`lxc.rootfs.path = dir:${containerDirectory(ref)}/rootfs\``,
    });
  const requested = config.get('lxc.rootfs.options');
  const options = parseMountOptions(requested?.value.options ?? []);
  const idmap = requested?.value.idmap;
  const volume = volumeOf(rootfs.value);
  const isUntyped = rootfs.value.storage === undefined;
  if (isRelative(volume, isUntyped))
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      container: ref.name,
      message: `lxc.rootfs.path: "${volume.path}" is not an absolute path`,
      ...rootfs.origin,
      hint: `write \`lxc.rootfs.path = ${isUntyped ? 'dir' : volume.type}:${join(containerDirectory(ref), volume.path)}\` if the files are there`,
    });
  return {
    source: volume.path,
    volume: shown(ref, forStage(volume, rootfs.origin)),
    mountPoint: config.get('lxc.rootfs.mount')?.value ?? mountPoint,
    flags: options.flags,
    data: options.data,
    inMemory: Boolean(config.get('lxc.rootfs.volatile')?.value),
    origin: rootfs.origin,
    // The container's own map is in force without being asked for.
    ...(idmap === undefined || idmap === 'container'
      ? {}
      : { idmap: foreignMap(idmap, volume, requested!.origin) }),
  };
}

/** Where there is a link to them, the files of a container on layers are the host's to see. */
function shown(ref: ContainerRef, volume: RootfsVolume): RootfsVolume {
  const directory = containerDirectory(ref);
  if (volume.kind !== 'overlay' || volume.work.directory !== join(directory, 'overlay')) return volume;
  return isViewLink(join(directory, 'rootfs')) ? { ...volume, view: viewPath(directory) } : volume;
}

function foreignMap(idmap: string, { type }: Volume, { file, line }: { file: string; line: number }): string {
  if (type !== 'overlay') return idmap;
  throw new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `idmap=${idmap}: layers can be shown with the ids of the container only`,
    file,
    line,
    hint: 'use idmap=container, or flatten the container: tslxc-copy --flatten',
  });
}

function forStage(volume: Volume, origin: { file: string; line: number }): RootfsVolume {
  try {
    return FOR_STAGE[volume.type](volume);
  } catch (error) {
    throw toTslxcError(error, 'CONFIG_VALUE', origin);
  }
}
