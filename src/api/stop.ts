import type { ContainerRef } from '../container/state/paths.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { StopOptions } from './options.ts';

const DEFAULT_TIMEOUT = 60;

/** Stops (or reboots) a container. @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, STOP_TIMEOUT */
export async function stop(
  context: RequestContext,
  ref: ContainerRef,
  options: StopOptions = {},
): Promise<void> {
  await withManager(context, 'stop a container', (manager) =>
    manager.request('stop', {
      name: ref.name,
      lxcpath: ref.lxcpath,
      mode: options.mode ?? 'shutdown',
      timeout: options.timeout ?? DEFAULT_TIMEOUT,
      killAfter: options.killAfter ?? true,
    }),
  );
}
