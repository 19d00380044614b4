/**
 * A process that starts containers one after the other. Each init is its child by vfork(2), which
 * is why it is still there afterwards, with its code compiled and its memory in place; unless init
 * dies on the way. It waits in fresh network, uts and ipc namespaces, which become the next
 * container's: to make a network namespace is the dearest single step of a start. Not every start
 * can be made so: see `canShareMemory`.
 */
import { toTslxcError } from '../errors/tslxc-error.ts';
import { AT, CLONE, O } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { bringLoopbackUp } from '../network/container-side.ts';
import { StageChannel } from './channel.ts';
import { leaveStdio } from './run-stage.ts';
import { PREPARED_NAMESPACES, startByVfork } from './start-by-vfork.ts';

/** A forked child's whole life, as `runStage`. */
export function runSpawner(kernel: Kernel, channelFd: number): never {
  try {
    startAll(kernel, new StageChannel(kernel, channelFd));
  } catch {
    // Between two starts no request waits for a reason; the manager sees the end of the stream.
  }
  return kernel.exit(1);
}

function startAll(kernel: Kernel, channel: StageChannel): void {
  const pid = becomeParentsSibling(kernel);
  process.title = 'tslxc-spawner';
  leaveStdio(kernel);
  const pidNamespace = kernel.openat2(AT.FDCWD, '/proc/self/ns/pid', O.RDONLY, 0, 0);
  kernel.closeAllBut([0, 1, 2, channel.fd, pidNamespace]);
  // A trial: where it is not as we think, this ends here.
  kernel.vfork(
    () => undefined,
    () => kernel.exit(1),
  );
  prepare(kernel);
  channel.send({ type: 'able', pid });
  for (;;) {
    const { order } = channel.expect('plan');
    try {
      if (order.kind !== 'start') throw new Error(`a spawner only starts: ${order.kind}`);
      startByVfork(kernel, channel, order.plan, order.initCgroup);
    } catch (error) {
      channel.fail(toTslxcError(error, 'START_FAILED').toJSON());
      return;
    }
    channel.send({ type: 'executed' });
    kernel.setns(pidNamespace, CLONE.NEWPID);
    prepare(kernel);
  }
}

/** Leaves the last container's network, uts and ipc namespaces for those of the next one. */
function prepare(kernel: Kernel): void {
  kernel.unshare(PREPARED_NAMESPACES);
  bringLoopbackUp(kernel);
}

/**
 * An init has its maker's parent, and that is to be the keeper, a subreaper. @returns our pid from
 * then on
 */
function becomeParentsSibling(kernel: Kernel): number {
  const parent = kernel.pid();
  const pid = kernel.becomeOwnChild();
  while (kernel.parentPid() === parent) kernel.poll([], 1);
  return pid;
}
