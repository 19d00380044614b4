import type { ContainerConfig } from '../../config/container-config.ts';
import { DEFAULT_PATH } from '../../util/search-path.ts';

/** A variable list in which the last of a name wins; the order is that of first appearance. */
export function mergeEnvironment(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const variable of lists.flat()) merged.set(variable.slice(0, variable.indexOf('=')), variable);
  return [...merged.values()];
}

const assignments = (settings: readonly { value: { name: string; value: string } }[]) =>
  settings.map(({ value }) => `${value.name}=${value.value}`);

/** What a container's programs get from its config: `lxc.environment` and its runtime set, and `container=lxc`. */
export function configEnvironment(config: ContainerConfig): string[] {
  return mergeEnvironment(
    ['container=lxc'],
    assignments(config.getAll('lxc.environment')),
    assignments(config.getAll('lxc.environment.runtime')),
  );
}

/** Environment of init: nothing of the manager's own (lxc.md 6.4). systemd and others look for `container`. */
export function initEnvironment(config: ContainerConfig): string[] {
  return configEnvironment(config);
}

/** Environment of hooks inside the stage, next to the LXC_* variables. */
export function hookEnvironment(config: ContainerConfig): string[] {
  return mergeEnvironment(
    [`PATH=${DEFAULT_PATH}`],
    assignments(config.getAll('lxc.environment')),
    assignments(config.getAll('lxc.environment.hooks')),
  );
}
