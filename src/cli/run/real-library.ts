/** The rooms below, as commands use them. Nothing is imported until it is needed: see library.ts. */
import type { ContainerShape } from '../../api/container.ts';
import type { Library } from './library.ts';

export const realLibrary: Library = {
  async defaultLxcpath() {
    return (await import('../../config/system-config.ts')).loadSystemConfig().lxcpath;
  },
  async container(name, lxcpath): Promise<ContainerShape> {
    const { Container } = await import('../../api/container.ts');
    return new Container(name, lxcpath);
  },
  async listContainers(lxcpath) {
    return (await import('../../api/list.ts')).listContainers(lxcpath);
  },
  async autostart() {
    return await import('../../api/autostart.ts');
  },
  async watch() {
    return await import('../../api/watch.ts');
  },
  usage: () => import('../../api/usage.ts'),
  storage: () => import('../../api/storage.ts'),
  async checkHost(lxcpath, kernelConfig) {
    return (await import('../../api/host-check/check-host.ts')).checkHost(lxcpath, kernelConfig);
  },
  async bridge() {
    return (await import('../../api/net.ts')).bridge;
  },
};
