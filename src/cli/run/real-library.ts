/**
 * The rooms below, as commands use them. Nothing is imported until it is needed: see library.ts.
 */

import type { ContainerShape } from '../../api/container.ts';
import type { RequestContext } from '../../util/request-context.ts';
import type { Library } from './library.ts';

/** The library, on behalf of one request. */
export function libraryFor(context: RequestContext): Library {
  return {
    async defaultLxcpath() {
      return (await import('../../config/system-config.ts')).loadSystemConfig().lxcpath;
    },
    async container(name, lxcpath): Promise<ContainerShape> {
      const { Container } = await import('../../api/container.ts');
      return new Container(name, lxcpath, context);
    },
    async showRootfs(lxcpath, name) {
      await (await import('../../api/shown-rootfs.ts')).showRootfs(lxcpath, name);
    },
    async listContainers(lxcpath) {
      return (await import('../../api/list.ts')).listContainers(lxcpath);
    },
    async activeContainers(lxcpath) {
      return (await import('../../api/list.ts')).activeContainers(lxcpath);
    },
    async autostart() {
      const { autostart, autostartPlan } = await import('../../api/autostart.ts');
      return { autostartPlan, autostart: (...asked) => autostart(context, ...asked) };
    },
    async watch() {
      const { watchContainers, quitManager } = await import('../../api/watch.ts');
      return {
        watchContainers: (...asked) => watchContainers(context, ...asked),
        quitManager: () => quitManager(context),
      };
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
}
