/** A library with containers of the test's making; every call of a method is written down. */
import type { ContainerShape } from '../../src/api/container.ts';
import type { ContainerInfo } from '../../src/api/options.ts';
import type { Library } from '../../src/cli/run/library.ts';

export interface FakeContainer extends Partial<ContainerShape> {
  readonly info?: () => Promise<ContainerInfo>;
}

export interface FakeLibrary extends Library {
  /** `METHOD NAME OPTIONS` in the order called. */
  readonly calls: [method: string, name: string, ...rest: unknown[]][];
}

export function info(name: string, more: Partial<ContainerInfo> = {}): ContainerInfo {
  return {
    name,
    state: 'STOPPED',
    ips: [],
    autostart: false,
    groups: [],
    interfaces: [],
    unprivileged: false,
    links: [],
    ...more,
  };
}

/** Containers that are not in the table are not defined. */
export function fakeLibrary(containers: Readonly<Record<string, FakeContainer>>): FakeLibrary {
  const calls: FakeLibrary['calls'] = [];
  return {
    calls,
    defaultLxcpath: async () => '/var/lib/tslxc',
    listContainers: async () => Object.keys(containers).sort(),
    activeContainers: async () => Object.keys(containers).sort(),
    bridge: async () => {
      throw new Error('no bridge in this test');
    },
    watch: async () => {
      throw new Error('no watch in this test');
    },
    autostart: async () => {
      throw new Error('no autostart in this test');
    },
    usage: async () => {
      throw new Error('no usage in this test');
    },
    checkHost: async () => {
      throw new Error('no host in this test');
    },
    storage: async () => {
      throw new Error('no storage in this test');
    },
    async container(name, lxcpath) {
      const own = containers[name];
      const base = {
        name,
        lxcpath,
        directory: `${lxcpath}/${name}`,
        configFile: `${lxcpath}/${name}/config`,
        defined: () => own !== undefined,
        info: async () => info(name),
      };
      return new Proxy({ ...base, ...own } as ContainerShape, {
        get(target, key: string) {
          const member = (target as unknown as Record<string, unknown>)[key];
          if (member !== undefined && typeof member !== 'function') return member;
          if (['defined', 'then', 'info'].includes(key)) return member;
          return async (...rest: unknown[]) => {
            calls.push([key, name, ...rest]);
            return (member as ((...rest: unknown[]) => unknown) | undefined)?.(...rest);
          };
        },
      });
    },
  };
}
