/**
 * What commands get from the rooms below, each loaded when first asked for. Tests put their own
 * here.
 */

import type { ContainerShape } from '../../api/container.ts';
import type { HostCheck, ImportOptions, StorageFault } from '../../api/options.ts';
import type { BridgeStatus } from '../../network/bridge-status.ts';
import type { RequestContext } from '../../util/request-context.ts';

/**
 * Functions of a module that begin with the request's context, without that parameter: it is given
 * already.
 */
type OfRequest<Module, Names extends keyof Module> = {
  readonly [K in Names]: Module[K] extends (context: RequestContext, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

export interface Library {
  /** `lxc.lxcpath` of the system's config file, or its default. */
  defaultLxcpath(): Promise<string>;
  container(name: string, lxcpath: string): Promise<ContainerShape>;
  /**
   * Mounts what `NAME/rootfs` of containers on layers leads to, where that is not done since the
   * boot of the host.
   */
  showRootfs?(lxcpath: string, name: string | undefined): Promise<void>;
  /** Defined and running ones, sorted. */
  listContainers(lxcpath: string): Promise<readonly string[]>;
  /** Those that run, sorted. */
  activeContainers(lxcpath: string): Promise<readonly string[]>;
  bridge(): Promise<Bridge>;
  checkHost(lxcpath: string, kernelConfig?: string): Promise<HostCheck>;
  watch(): Promise<OfRequest<typeof import('../../api/watch.ts'), 'watchContainers' | 'quitManager'>>;
  autostart(): Promise<
    OfRequest<typeof import('../../api/autostart.ts'), 'autostart'> &
      Pick<typeof import('../../api/autostart.ts'), 'autostartPlan'>
  >;
  usage(): Promise<typeof import('../../api/usage.ts')>;
  storage(): Promise<Storage>;
}

/** What concerns all containers of a directory, or none that is there yet. */
export interface Storage {
  checkStorage(lxcpath: string): StorageFault[];
  repairStorage(lxcpath: string): Promise<StorageFault[]>;
  importContainer(options: ImportOptions): Promise<{ readonly name: string; readonly lxcpath: string }>;
}

/** The default bridge's service. */
export interface Bridge {
  start(): Promise<BridgeStatus>;
  stop(): Promise<void>;
  status(): Promise<BridgeStatus> | BridgeStatus;
}
