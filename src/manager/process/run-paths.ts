import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runDirectory } from '../../container/state/paths.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';

/**
 * Files of the manager's below the run directory, which is made: 0700, since the sockets lie in it
 * (rule R7).
 */
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
  mustBeOurs(directory);
  return {
    directory,
    managerSocket: join(directory, 'manager.sock'),
    managerLock: join(directory, 'manager.lock'),
    keeperSocket: join(directory, 'keeper.sock'),
    keeperLock: join(directory, 'keeper.lock'),
    log: join(directory, 'tslxcd.log'),
  };
}

/**
 * Refuses a directory that another user could write to: that user could speak for the manager and
 * read consoles.
 * @throws TslxcError NOT_PERMITTED for another user's directory
 */
function mustBeOurs(directory: string): void {
  const { uid, mode } = lstatSync(directory);
  const isDirectory = (mode & 0o170000) === 0o040000;
  if (!isDirectory || uid !== process.geteuid!())
    throw new TslxcError({
      code: 'NOT_PERMITTED',
      message: `the run directory ${directory} ${isDirectory ? `belongs to user ${uid}` : 'is a link or a file'}`,
      hint: 'remove it, or let TSLXC_RUNDIR name a directory of your own',
    });
  if ((mode & 0o077) !== 0) chmodSync(directory, 0o700);
}
