import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runDirectory } from '../container/paths.ts';

/** Files of the manager's below the run directory, which is made: 0700, since the sockets lie in it (rule R7). */
export function runPaths(): {
  readonly directory: string;
  readonly managerSocket: string;
  readonly managerLock: string;
  readonly keeperSocket: string;
  readonly keeperLock: string;
  readonly log: string;
} {
  const directory = runDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    directory,
    managerSocket: join(directory, 'manager.sock'),
    managerLock: join(directory, 'manager.lock'),
    keeperSocket: join(directory, 'keeper.sock'),
    keeperLock: join(directory, 'keeper.lock'),
    log: join(directory, 'tslxcd.log'),
  };
}
