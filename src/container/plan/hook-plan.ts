import type { ContainerSpec } from '../../config/container-spec.ts';
import type { HookCommand, StartStagePlan } from '../../stage/plan.ts';
import type { ContainerRef } from '../state/paths.ts';
import { hostHookVariables, stageHookVariables } from './environment.ts';
import { lxcHookVariables } from './hook-environment.ts';

/** Kinds of hooks of a start and a stop, in the order in which they run (lxc.container.conf(5)). */
export const HOOK_TYPES = [
  'pre-start',
  'pre-mount',
  'mount',
  'autodev',
  'start',
  'start-host',
  'stop',
  'post-stop',
] as const;

/** Those that the stage runs; the others run on the host. */
const IN_STAGE: ReadonlySet<string> = new Set(['pre-mount', 'mount', 'autodev', 'start']);

export interface HookPlan {
  /** Hooks that run on the host, outside the stage. */
  readonly hostHooks: readonly HookCommand[];
  /**
   * Variables of every hook on the host that are known beforehand: LXC_* and those of the config.
   */
  readonly hookVariables: Readonly<Record<string, string>>;
  readonly stage: Pick<StartStagePlan, 'hooks' | 'hookVersion' | 'hookEnv'>;
}

/** `mountPoint`: where hooks find the root filesystem. */
export function planHooks(ref: ContainerRef, config: ContainerSpec, mountPoint: string): HookPlan {
  const version = (config.get('lxc.hook.version')?.value ?? 0) as 0 | 1;
  const hooks: HookCommand[] = HOOK_TYPES.flatMap((type) =>
    config.getAll(`lxc.hook.${type}`).map(({ value, origin }) => ({ type, command: value, origin })),
  );
  return {
    hostHooks: hooks.filter(({ type }) => !IN_STAGE.has(type)),
    hookVariables: {
      ...hostHookVariables(config),
      LXC_ROOTFS_MOUNT: mountPoint,
      ...lxcHookVariables(ref, config),
      LXC_HOOK_VERSION: String(version),
      LXC_LOG_LEVEL: config.get('lxc.log.level')?.value ?? 'ERROR',
    },
    stage: {
      hooks: hooks.filter(({ type }) => IN_STAGE.has(type)),
      hookVersion: version,
      hookEnv: stageHookVariables(config),
    },
  };
}
