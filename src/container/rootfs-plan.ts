import type { ContainerConfig } from '../config/container-config.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { StartStagePlan } from '../stage/plan.ts';
import { parseMountOptions } from './mount-options.ts';
import { type ContainerRef, containerDirectory } from './paths.ts';

/**
 * The root filesystem of a container and how it is mounted. `mountPoint`: where, unless lxc.rootfs.mount says.
 * @throws TslxcError ROOTFS_MISSING where the config has none
 */
export function planRootfs(
  ref: ContainerRef,
  config: ContainerConfig,
  mountPoint: string,
): StartStagePlan['rootfs'] {
  const rootfs = config.one('lxc.rootfs.path');
  if (!rootfs)
    throw new TslxcError({
      code: 'ROOTFS_MISSING',
      container: ref.name,
      message:
        'lxc.rootfs.path is not set: a container without a root filesystem of its own is not supported',
      file: config.file,
      hint: `add \`lxc.rootfs.path = dir:${containerDirectory(ref)}/rootfs\``,
    });
  const options = parseMountOptions(config.one('lxc.rootfs.options')?.value.options ?? []);
  return {
    source: rootfs.value.path,
    mountPoint: config.one('lxc.rootfs.mount')?.value ?? mountPoint,
    flags: options.flags,
    origin: rootfs.origin,
  };
}
