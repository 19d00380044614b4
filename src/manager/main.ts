/** tslxcd after its keeper is there: serves clients until there is nothing to look after. */

import { rmSync } from 'node:fs';
import { leaveAndRemoveMonitorCgroup, type MonitorCgroup } from '../cgroup/monitor-cgroup.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { ownVariable } from '../util/own-process.ts';
import { adoptOrphans } from './keeper/orphans.ts';
import { findKeeper, replaceKeeper } from './keeper/reach-keeper.ts';
import { Pool } from './pool.ts';
import { launchSuccessor, whenUnreachable } from './process/run-directory-guard.ts';
import type { runPaths } from './process/run-paths.ts';
import { listen } from './server.ts';
import { Supervisor } from './supervisor.ts';

/**
 * How long an idle manager stays, milliseconds: commands come in bursts. `TSLXC_IDLE_SECONDS`
 * changes it.
 */
const IDLE = idleMilliseconds(ownVariable('TSLXC_IDLE_SECONDS'));

function idleMilliseconds(seconds = '20'): number | null {
  return seconds === 'infinity' ? null : Number(seconds) * 1000;
}

/** How long a new manager waits for the command that started it, milliseconds. */
const FIRST_CLIENT = 5000;

/**
 * The bundle of tslxcd's first moments has its own copies of what both use: plain data only passes
 * between them.
 */
export async function runManager(paths: ReturnType<typeof runPaths>, monitor: MonitorCgroup): Promise<void> {
  const kernel = linuxKernel();
  adoptOrphans(kernel);
  let keeper = await findKeeper(kernel, paths.keeperSocket);
  const supervisor = new Supervisor(kernel, keeper);
  await supervisor.adopt();

  let sessions = 0;
  let busy = false;
  const server = await listen(kernel, supervisor, paths.managerSocket, (count) => {
    sessions = count;
    consider();
  });
  const pool = new Pool();
  let timer: NodeJS.Timeout | undefined;
  let leaving = false;
  const leave = () => {
    leaving = true;
    server.close();
    rmSync(paths.managerSocket, { force: true });
    keeper.quit();
  };
  const consider = (idle = IDLE) => {
    clearTimeout(timer);
    if (idle !== null && sessions === 0 && !busy && supervisor.count === 0) timer = setTimeout(leave, idle);
  };
  supervisor.onChange = () => consider();
  pool.onBusy = (now) => {
    busy = now;
    consider();
  };
  supervisor.onLeave = leave;
  const keeperEnded = async () => {
    if (leaving) {
      await pool.end();
      // The fork server ends with us at the latest: it and the keeper are in the cgroup that is to
      // be removed.
      await supervisor.forksEnded();
      leaveAndRemoveMonitorCgroup(monitor);
      process.exit(0);
    }
    keeper.reap();
    process.stderr.write('the keeper was killed: another takes its place\n');
    const next = replaceKeeper(kernel, paths.keeperSocket).then((fresh) => {
      keeper = fresh;
      fresh.onEnd = keeperEnded;
      return fresh;
    });
    // Without a keeper no container can start: the next manager finds everything as it is.
    next.catch((error: Error) => {
      process.stderr.write(`tslxcd: ${error.message}\n`);
      process.exit(1);
    });
    await supervisor.useKeeper(next);
  };
  keeper.onEnd = keeperEnded;
  whenUnreachable(paths.managerSocket, () => {
    if (leaving) return;
    // Without a container there is nothing to take over, and no reason to make the directory again.
    if (supervisor.count > 0) {
      process.stderr.write('the run directory was removed: another manager takes over\n');
      launchSuccessor(kernel);
    }
    process.exit(0);
  });
  server.on('error', (error) => process.stderr.write(`${error.message}\n`));
  // The command that started this manager has yet to find it.
  consider(IDLE === null ? null : Math.max(IDLE, FIRST_CLIENT));
  await supervisor.warm();
  pool.start();
}
