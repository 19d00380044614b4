/**
 * The pool: does the commands of callers of bin/tslxc, which is a shell script and hands them over
 * where it can. To start a Node for each of them costs ten times what most have to do; so request
 * processes are forked of a zygote that has everything loaded, before they are needed. The manager
 * starts the zygote; its requests are clients of the manager like any other.
 *
 *     caller                                       pool
 *     (makes SLOT.lock, opens the slot's pipe)
 *     run SLOT PID WORDS  ->                the zygote gives it to an idle request process
 *                         <- accepted PID   this process does the command
 *                         <- no             nothing was done: the caller does it
 * *     signal SLOT SIGINT  ->                the zygote expects PID to acknowledge it
 *     (sends PID the signal)
 *                         <- exit STATUS    or: signal SIGINT (it died of that); died
 */
import { closeSync, openSync } from 'node:fs';
import { O, POLL } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { buildId } from '../../manager/process/build-id.ts';
import { runPaths } from '../../manager/process/run-paths.ts';
import { unprotectFromOomKiller } from '../../util/oom-score.ts';
import { Meeting } from './meeting.ts';
import { rehearse } from './rehearsal.ts';
import { RequestProcess } from './request.ts';
import { type Line, Zygote } from './zygote.ts';

async function main(): Promise<void> {
  process.title = 'tslxc-pool';
  process.chdir('/');
  unprotectFromOomKiller();
  const kernel = linuxKernel();
  kernel.prepareEventLoop();
  await rehearse();
  // Not in a callback of epoll's, in the middle of which a child could not take over the loop.
  setImmediate(() => {
    const control = { read: kernel.dup(0), write: kernel.dup(1) };
    const nothing = openSync('/dev/null', O.RDWR | O.CLOEXEC);
    for (const fd of [0, 1]) kernel.dup2(nothing, fd);
    closeSync(nothing);
    (globalThis as { gc?: () => void }).gc?.();
    const meeting = new Meeting(kernel, runPaths().directory, buildId(), process.pid);
    const line = new Zygote(kernel, meeting, control).run();
    process.title = 'tslxc-request';
    kernel.takeOverEventLoop();
    void serve(kernel, line, meeting.path);
  });
}

/**
 * A request process touches what a command will touch before one has come, so that no caller waits
 * for the copying.
 */
async function serve(kernel: Kernel, line: Line, meeting: string): Promise<void> {
  const isWaitedFor = kernel.poll([{ fd: line.socket, events: POLL.IN }], 0).length > 0;
  if (!isWaitedFor) await rehearse();
  new RequestProcess(kernel, line, meeting).serve();
}

main().catch((error: Error) => {
  process.stderr.write(`tslxc-pool: ${error.stack}\n`);
  process.exit(1);
});
