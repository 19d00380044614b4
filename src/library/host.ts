/** The host's containers as a whole. */
import { loadSystemConfig } from '../config/system-config.ts';
import { listContainers } from '../container/state/list.ts';
import { Container } from './container.ts';
import { events } from './events.ts';
import type { ContainerEvent, ContainerOptions, EventOptions } from './types.ts';

/** Everything that is about no single container. */
export const Host = {
  /** All containers of a container directory, running or not, sorted by name. */
  containers({ lxcpath = loadSystemConfig().lxcpath }: ContainerOptions = {}): Container[] {
    return listContainers(lxcpath).map((name) => new Container(name, { lxcpath }));
  },

  /**
   * What happens to containers, until the loop is left or the signal aborts. @throws
   * PermissionError
   */
  events(options: EventOptions = {}): AsyncGenerator<ContainerEvent, void> {
    return events(options);
  },
} as const;
