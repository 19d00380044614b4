import type { ContainerSpec } from '../../config/container-spec.ts';
import { type ContainerRef, configFile } from '../state/paths.ts';

/** The variables that every hook on the host gets; only those that the config sets. */
export function lxcHookVariables(ref: ContainerRef, config: ContainerSpec): Record<string, string> {
  const set = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value });
  return {
    LXC_NAME: ref.name,
    LXC_CONFIG_FILE: configFile(ref),
    LXC_CGNS_AWARE: '1',
    ...set('LXC_ROOTFS_PATH', config.get('lxc.rootfs.path')?.value.path),
    ...set('LXC_ROOTFS_MOUNT', config.get('lxc.rootfs.mount')?.value),
    ...set('LXC_CONSOLE', config.get('lxc.console.path')?.value),
    ...set('LXC_CONSOLE_LOGPATH', config.get('lxc.console.logfile')?.value),
  };
}
