import { loadConfig } from '../../config/load-config.ts';
import type { MountedVolume } from '../../storage/mounted-volume.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import { runHook } from '../hooks/run-hook.ts';
import { hostHookVariables } from '../plan/environment.ts';
import { lxcHookVariables } from '../plan/hook-environment.ts';
import { type ContainerRef, configFile } from '../state/paths.ts';

export interface CloneHookOptions {
  /** What followed -- on the command line. */
  readonly hookArgs?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly caller?: CallerSurroundings | undefined;
  /** A line that a hook printed. */
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

type Hooks = readonly {
  readonly value: string;
  readonly origin: { readonly file: string; readonly line: number };
}[];

export function cloneHooks(to: ContainerRef): Hooks {
  return loadConfig(configFile(to), { name: to.name }).getAll('lxc.hook.clone');
}

/**
 * Runs the `clone` hooks of a new container.
 * @throws TslxcError HOOK_FAILED
 */
export async function runCloneHooks(
  to: ContainerRef,
  origin: ContainerRef,
  root: MountedVolume | undefined,
  hooks: Hooks,
  options: CloneHookOptions,
): Promise<void> {
  if (hooks.length === 0) return;
  const config = loadConfig(configFile(to), { name: to.name });
  const { onLine } = options;
  const rootfs = config.get('lxc.rootfs.path');
  for (const hook of hooks) {
    await runHook({
      ref: to,
      type: 'clone',
      caller: options.caller,
      command: hook.value,
      args: options.hookArgs ?? [],
      ...(root ? { within: root.command } : {}),
      env: {
        ...hostHookVariables(config),
        ...lxcHookVariables(to, config),
        LXC_SRC_NAME: origin.name,
        // LXC gives this one with the type in front.
        ...(rootfs ? { LXC_ROOTFS_PATH: rootfs.text } : {}),
        ...(root ? { LXC_ROOTFS_MOUNT: root.inside } : {}),
      },
      version: config.get('lxc.hook.version')?.value === 1 ? 1 : 0,
      origin: hook.origin,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(onLine ? { onLine: (text: string, stream: 'stdout' | 'stderr') => onLine(text, stream) } : {}),
    });
  }
}
