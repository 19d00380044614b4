import type { ContainerRef } from '../container/state/paths.ts';
import { withManager } from './manager.ts';

/** @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, FREEZE_TIMEOUT, CONTROLLER_MISSING */
export async function freeze({ name, lxcpath }: ContainerRef): Promise<void> {
  await withManager('freeze a container', (manager) => manager.request('freeze', { name, lxcpath }));
}

/** @throws TslxcError NOT_RUNNING, CONTAINER_MISSING */
export async function unfreeze({ name, lxcpath }: ContainerRef): Promise<void> {
  await withManager('unfreeze a container', (manager) => manager.request('unfreeze', { name, lxcpath }));
}
