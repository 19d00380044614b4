import type { ContainerRef } from '../container/state/paths.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';

/** @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, FREEZE_TIMEOUT, CONTROLLER_MISSING */
export async function freeze(context: RequestContext, { name, lxcpath }: ContainerRef): Promise<void> {
  await withManager(context, 'freeze a container', (manager) => manager.request('freeze', { name, lxcpath }));
}

/** @throws TslxcError NOT_RUNNING, CONTAINER_MISSING */
export async function unfreeze(context: RequestContext, { name, lxcpath }: ContainerRef): Promise<void> {
  await withManager(context, 'unfreeze a container', (manager) =>
    manager.request('unfreeze', { name, lxcpath }),
  );
}
