import type { ContainerSpec } from '../../config/container-spec.ts';

/** A variable list in which the last of a name wins; the order is that of first appearance. */
export function mergeEnvironment(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const variable of lists.flat()) merged.set(variable.slice(0, variable.indexOf('=')), variable);
  return [...merged.values()];
}

const assignments = (settings: readonly { value: { name: string; value: string } }[]) =>
  settings.map(({ value }) => `${value.name}=${value.value}`);

/**
 * What a container's programs get from its config: `lxc.environment` and its runtime set, and
 * `container=lxc`.
 */
export function configEnvironment(config: ContainerSpec): string[] {
  return mergeEnvironment(
    ['container=lxc'],
    assignments(config.getAll('lxc.environment')),
    assignments(config.getAll('lxc.environment.runtime')),
  );
}

/** Environment of init: no variable of the manager. systemd and others look for `container`. */
export function initEnvironment(config: ContainerSpec): string[] {
  return configEnvironment(config);
}

/** Variables of the config for hooks in the stage. */
export function stageHookVariables(config: ContainerSpec): string[] {
  return mergeEnvironment(
    assignments(config.getAll('lxc.environment')),
    assignments(config.getAll('lxc.environment.hooks')),
  );
}

/**
 * Variables of the config for hooks on the host and network scripts: as with LXC, not those of
 * `lxc.environment`.
 */
export function hostHookVariables(config: ContainerSpec): Record<string, string> {
  return Object.fromEntries(
    config.getAll('lxc.environment.hooks').map(({ value }) => [value.name, value.value]),
  );
}
