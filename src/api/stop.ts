import type { ContainerRef } from '../container/state/paths.ts';
import { withManager } from './manager.ts';
import type { StopOptions } from './options.ts';

const DEFAULT_TIMEOUT = 60;

/** Stops (or reboots) a container. @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, STOP_TIMEOUT */
export async function stop(ref: ContainerRef, options: StopOptions = {}): Promise<void> {
  await withManager('stop a container', (manager) =>
    manager.request('stop', {
      name: ref.name,
      lxcpath: ref.lxcpath,
      mode: options.mode ?? 'shutdown',
      timeout: options.timeout ?? DEFAULT_TIMEOUT,
      killAfter: options.killAfter ?? true,
    }),
  );
}
