import { TslxcError } from '../errors/tslxc-error.ts';
import { ManagerClient } from '../manager/client.ts';
import type { RequestContext } from '../util/request-context.ts';

/**
 * Starting, attaching and stopping need root in this version (containers of ordinary users come
 * later).
 */
export function requireRoot(what: string): void {
  if (process.getuid!() === 0) return;
  throw new TslxcError({
    code: 'NOT_PERMITTED',
    message: `only root may ${what} in this version`,
    hint: 'run the command with sudo',
  });
}

/** Does something with the manager, which is started if need be, and hangs up. */
export async function withManager<T>(
  context: RequestContext,
  what: string,
  use: (manager: ManagerClient) => Promise<T>,
): Promise<T> {
  requireRoot(what);
  for (;;) {
    const manager = (await ManagerClient.connect(context, { start: true }))!;
    try {
      return await use(manager);
    } catch (error) {
      // A killed process's socket takes connections for some moments.
      if (manager.answered || !(error instanceof TslxcError) || error.code !== 'MANAGER_DIED') throw error;
    } finally {
      manager.close();
    }
  }
}
