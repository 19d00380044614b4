/** tslxcd after its keeper is there: serves clients until there is nothing to look after. */

import { rmSync } from 'node:fs';
import { leaveAndRemoveMonitorCgroup, type MonitorCgroup } from '../cgroup/monitor-cgroup.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { ownVariable } from '../util/own-process.ts';
import { findKeeper, replaceKeeper } from './reach-keeper.ts';
import { ResidentProcess } from './resident.ts';
import type { runPaths } from './run-paths.ts';
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
  let keeper = await findKeeper(kernel, paths.keeperSocket);
  const supervisor = new Supervisor(kernel, keeper);
  await supervisor.adopt();

  let sessions = 0;
  const server = await listen(kernel, supervisor, paths.managerSocket, (count) => {
    sessions = count;
    consider();
  });
  const resident = new ResidentProcess();
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
    if (idle !== null && sessions === 0 && supervisor.count === 0) timer = setTimeout(leave, idle);
  };
  supervisor.onChange = () => consider();
  supervisor.onLeave = leave;
  const keeperEnded = async () => {
    if (leaving) {
      await resident.end();
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
    await supervisor.useKeeper(next);
  };
  keeper.onEnd = keeperEnded;
  server.on('error', (error) => process.stderr.write(`${error.message}\n`));
  // The command that started this manager has yet to find it.
  consider(IDLE === null ? null : Math.max(IDLE, FIRST_CLIENT));
  await supervisor.warm();
  resident.start();
}
