import type { ContainerRef } from '../container/state/paths.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { DeviceChange } from './options.ts';

/** @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, DEVICE */
export async function changeDevice(
  context: RequestContext,
  ref: ContainerRef,
  change: DeviceChange,
): Promise<void> {
  const { action, device, path = device } = change;
  await withManager(context, 'change the devices of a container', (manager) =>
    manager.request('device', { name: ref.name, lxcpath: ref.lxcpath, action, device, path }),
  );
}
