import { loadConfig } from '../../config/load-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';
import { type ContainerRef, configFile } from '../state/paths.ts';

/**
 * The root filesystem of a container, which is the container's own; undefined when the config names
 * none.
 */
export function managedVolume(ref: ContainerRef): Volume | undefined {
  const config = loadConfig(configFile(ref), { name: ref.name });
  const setting = config.get('lxc.rootfs.path');
  if (!setting) return undefined;
  const managed = config.get('lxc.rootfs.managed');
  if (managed?.value === false) {
    throw new TslxcError({
      code: 'CONFIG_CONFLICT',
      container: ref.name,
      message: `its root filesystem is not managed by tslxc (${managed.key} = 0)`,
      file: managed.origin.file,
      line: managed.origin.line,
      hint: 'remove that line to have tslxc copy the root filesystem',
    });
  }
  return volumeOf(setting.value);
}
