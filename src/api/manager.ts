import { TslxcError } from '../errors/tslxc-error.ts';
import { ManagerLog } from '../manager/process/manager-log.ts';
import { runPaths } from '../manager/process/run-paths.ts';
import { ManagerClient } from '../manager/wire/client.ts';
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

/** How long managers that end without an answer are replaced, milliseconds. */
const RETRY_MS = 10_000;

function managersDie(cause: TslxcError): TslxcError {
  const { log } = runPaths();
  return new TslxcError({
    code: 'MANAGER_UNREACHABLE',
    message: `each manager (tslxcd) ends before it answers${new ManagerLog(log).lastWords('last')}`,
    hint: `its messages are in ${log}; a full or read-only run directory is a usual cause`,
    cause,
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
  for (const begin = Date.now(); ; ) {
    const manager = (await ManagerClient.connect(context, { start: true }))!;
    try {
      return await use(manager);
    } catch (error) {
      if (!(error instanceof TslxcError) || error.code !== 'MANAGER_DIED' || manager.answered) throw error;
      // A killed process's socket takes connections for some moments; after that, each new manager
      // dies as well.
      if (Date.now() - begin > RETRY_MS) throw managersDie(error);
    } finally {
      manager.close();
    }
  }
}
