/**
 * A process that starts containers one after the other. Each init is its child by vfork(2), which is why it is still there
 * afterwards, with its code compiled and its memory in place. It waits in fresh network, uts and ipc namespaces, which
 * become the next container's: to make a network namespace is the dearest single step of a start.
 *
 * A start that can not be made so it takes over itself, as any stage does, and is gone with it; as it is when init dies on
 * the way.
 */
import { openSync } from 'node:fs';
import { toTslxcError } from '../errors/tslxc-error.ts';
import { CLONE, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { bringLoopbackUp } from '../network/container-side.ts';
import { StageChannel, type ToStage } from './channel.ts';
import type { StartStagePlan } from './plan.ts';
import { carryOut, leaveStdio } from './run-stage.ts';
import { canShareMemory, PREPARED_NAMESPACES, startByVfork } from './start-outer.ts';

/** A forked child's whole life, as `runStage`. */
export function runWorker(kernel: Kernel, channelFd: number, manager: number): never {
  becomeParentsSibling(kernel);
  leaveStdio(kernel);
  const channel = new StageChannel(kernel, channelFd);
  const pidNamespace = openSync('/proc/self/ns/pid', O.RDONLY | O.CLOEXEC);
  // A trial: where it is not as we think, this ends here.
  kernel.vfork(
    () => undefined,
    () => kernel.exit(1),
  );
  channel.send({ type: 'able' });
  for (;;) {
    kernel.unshare(PREPARED_NAMESPACES);
    bringLoopbackUp(kernel);
    serve(kernel, channel, channel.expect('plan'), manager);
    kernel.setns(pidNamespace, CLONE.NEWPID);
  }
}

/** An init has its maker's parent, and that is to be the keeper, a subreaper. */
function becomeParentsSibling(kernel: Kernel): void {
  const parent = kernel.pid();
  kernel.continueInChild();
  while (kernel.parentPid() === parent) kernel.poll([], 1);
}

function serve(
  kernel: Kernel,
  channel: StageChannel,
  first: Extract<ToStage, { type: 'plan' }>,
  manager: number,
): void {
  const plan = first.plan as StartStagePlan;
  if (!canShareMemory(plan))
    carryOut(kernel, 'start', channel, () => first, { manager, unshared: PREPARED_NAMESPACES });
  try {
    startByVfork(kernel, channel, plan, first.birth);
  } catch (error) {
    channel.fail(toTslxcError(error, 'START_FAILED').toJSON());
    kernel.exit(1);
  }
  channel.send({ type: 'executed' });
}
