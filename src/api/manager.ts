import { TslxcError } from '../errors/tslxc-error.ts';
import { ManagerClient } from '../manager/client.ts';
import type { RequestContext } from '../util/request-context.ts';

/**
 * Starting, attaching and stopping need root: containers of ordinary users are not supported yet.
 */
export function requireRoot(what: string): void {
  if (process.getuid!() === 0) return;
  throw new TslxcError({
    code: 'NOT_PERMITTED',
    message: `only root may ${what} in this version`,
    hint: 'run the command with sudo',
  });
}

/**
 * Runs `work` with a connection to the manager, which is started if necessary, and closes the
 * connection.
 */
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
      // The socket of a killed process accepts connections for a short time.
      if (manager.answered || !(error instanceof TslxcError) || error.code !== 'MANAGER_DIED') throw error;
    } finally {
      manager.close();
    }
  }
}
