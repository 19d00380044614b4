/**
 * A container that lives as long as this process: when the process ends, for any reason, the
 * manager stops the container.
 */
import type { ContainerRef } from '../container/state/paths.ts';
import type { RequestContext } from '../util/request-context.ts';
import { startAndStay } from './foreground.ts';
import type { StartOptions, StartResult } from './options.ts';
import { startRequest, startResult } from './start.ts';

export interface BoundStart {
  readonly result: StartResult;
  /** Releases the container: the manager shuts it down if it still runs. */
  release(): void;
}

/**
 * Starts a container as `tslxc-start -F` does, without reading the console. The connection to the
 * manager is the bond; the connection does not keep this process alive.
 * @throws TslxcError what a start throws
 */
export async function startBound(
  context: RequestContext,
  ref: ContainerRef,
  options: StartOptions = {},
): Promise<BoundStart> {
  const request = await startRequest(context, ref, options, true);
  return await new Promise((begun, failed) => {
    startAndStay(context, ref, request, ({ manager, reply, end }) => {
      manager.unref();
      const released = new Promise<void>((release) => {
        begun({ result: startResult(reply), release });
      });
      return Promise.race([end, released.then(() => ({ code: null, signal: null }))]);
    }).catch(failed);
  });
}
