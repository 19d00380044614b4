import type { ContainerRef } from '../container/state/paths.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { StopOptions, StopResult } from './options.ts';

const DEFAULT_TIMEOUT = 60;

/**
 * Stops or reboots a container.
 * @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, STOP_TIMEOUT, START_FAILED for a reboot after
 *   which the container did not start
 */
export async function stop(
  context: RequestContext,
  ref: ContainerRef,
  options: StopOptions = {},
): Promise<StopResult> {
  return await withManager(context, 'stop a container', (manager) =>
    manager.request('stop', {
      name: ref.name,
      lxcpath: ref.lxcpath,
      mode: options.mode ?? 'shutdown',
      timeout: options.timeout ?? DEFAULT_TIMEOUT,
      killAfter: options.killAfter ?? true,
    }),
  );
}
