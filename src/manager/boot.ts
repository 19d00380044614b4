/**
 * The first moments of tslxcd. It forks its keeper while hardly any code is loaded (a certified
 * fork of a small heap), and then loads the manager, a bundle of its own. Every start of a
 * container copies the memory of this program.
 */

import { closeSync, openSync } from 'node:fs';
import { enterMonitorCgroup } from '../cgroup/monitor-cgroup.ts';
import { inWords } from '../errors/errno-words.ts';
import { LOCK, O, RLIMIT } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { protectFromOomKiller } from '../util/oom-score.ts';
import { ownEnvironment } from '../util/own-process.ts';
import { runKeeper } from './keeper/keeper.ts';
import { KEEPER_ONLY } from './keeper/keeper-protocol.ts';
import {
  hostRootArgument,
  isFromReadOnlyHost,
  leaveReadOnlyHost,
  withReadOnlyHost,
} from './process/read-only-host.ts';
import { runPaths } from './process/run-paths.ts';

/** A full disk or a closed terminal costs messages, never the manager. */
function surviveLostMessages(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

async function boot(): Promise<void> {
  const kernel = linuxKernel();
  // A client has prepared this already; systemd and an administrator's shell have not.
  if (!isFromReadOnlyHost(process.argv)) runAgainReadOnly(kernel);
  leaveReadOnlyHost(kernel, process.argv);
  const paths = runPaths();
  process.chdir('/');
  // The umask of the first caller is not everybody's.
  process.umask(0o022);
  // The keeper inherits it; the fork server and the pool take it back.
  protectFromOomKiller();
  raiseDescriptorLimit(kernel);
  // A manager that has lost its keeper runs this program again with this argument, since it is too
  // large to fork a keeper. The keeper is forked here too: reading signals from a descriptor only
  // works in a process with one thread.
  if (process.argv.includes(KEEPER_ONLY)) {
    if (kernel.fork() === 0) runKeeper(kernel, paths.keeperSocket, paths.keeperLock, []);
    process.exit(0);
  }
  const lock = openSync(paths.managerLock, O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC, 0o600);
  // Another manager is there, or starting: the client will find it.
  if (!kernel.flock(lock, LOCK.EX | LOCK.NB)) process.exit(0);
  // Before the fork, so that keeper and fork server are in it as well.
  const monitor = enterMonitorCgroup();
  const keeperIsThere = keeperRuns(paths.keeperLock);
  // The lock belongs to the open file, which a forked child shares: the keeper must not hold it
  // past our death.
  if (!keeperIsThere && kernel.fork() === 0) runKeeper(kernel, paths.keeperSocket, paths.keeperLock, [lock]);
  process.title = 'tslxcd';
  surviveLostMessages();
  process.on('unhandledRejection', (reason) => {
    process.stderr.write(`tslxcd: ${(reason as Error)?.stack ?? reason}\n`);
  });
  const { runManager } = await import('./main.ts');
  await runManager(paths, monitor);

  function keeperRuns(file: string): boolean {
    const fd = openSync(file, O.RDWR | O.CREAT | O.NOFOLLOW | O.CLOEXEC, 0o600);
    const free = kernel.flock(fd, LOCK.EX | LOCK.NB);
    closeSync(fd);
    return !free;
  }
}

/** Descriptors that manager and keeper may have: several for each container. */
const DESCRIPTORS = 65_536;

/** The limit of the first caller must not be the limit for all containers (setrlimit(2)). */
function raiseDescriptorLimit(kernel: Kernel): void {
  if (kernel.getRlimit(RLIMIT.nofile).hard >= DESCRIPTORS) return;
  try {
    kernel.setRlimit(RLIMIT.nofile, DESCRIPTORS, DESCRIPTORS);
  } catch {
    // Without CAP_SYS_RESOURCE the manager keeps the limit that it has.
  }
}

/** Executes this program again, from where no guest can write to it. */
function runAgainReadOnly(kernel: Kernel): void {
  const env = Object.entries(ownEnvironment()).map(([name, value]) => `${name}=${value}`);
  for (const fd of [0, 1, 2]) kernel.setCloexec(fd, false);
  withReadOnlyHost(kernel, (hostRoot) => {
    kernel.setCloexec(hostRoot, false);
    const args = [...process.execArgv, ...process.argv.slice(1), hostRootArgument(hostRoot)];
    kernel.exec(process.execPath, ['tslxcd', ...args], env);
  });
}

boot().catch((error: Error) => {
  // The first line is what a client shows when the manager does not come up.
  process.stderr.write(
    `tslxcd: ${inWords(error.message)}\n${(error.stack ?? '').split('\n').slice(1).join('\n')}\n`,
  );
  process.exit(1);
});
