/** What commands get from the rooms below, each loaded when first asked for. Tests put their own here. */
import type { ContainerShape } from '../api/container.ts';

export interface Services {
  /** `lxc.lxcpath` of the system's config file, or its default. */
  defaultLxcpath(): Promise<string>;
  container(name: string, lxcpath: string): Promise<ContainerShape>;
  /** Defined and running ones, sorted. */
  listContainers(lxcpath: string): Promise<readonly string[]>;
}
