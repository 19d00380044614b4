/**
 * The fork server: a small synchronous process that makes every process which enters a namespace,
 * or makes those that do. It is forked off by the keeper, blocks in poll and forks; its quiet heap
 * is what makes certified forks cheap (docs/design.md).
 *
 * It keeps a certified spare waiting.
 */
import { O, POLL, PR, SIG } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { warmUp } from '../../stage/jit-warmup.ts';
import type { StageKind } from '../../stage/order.ts';
import { runStage } from '../../stage/run-stage.ts';
import { runSpawner } from '../../stage/spawner.ts';
import { LineBuffer } from '../../util/line-buffer.ts';
import { unprotectFromOomKiller } from '../../util/oom-score.ts';

/** A stage for one thing, or one that starts containers for as long as it is wanted. */
export type Forked = StageKind | 'spawner';

/**
 * Manager -> fork server. `channel` is the number, in the manager, of the stage's end of a socket
 * pair.
 */
export interface ForkRequest {
  readonly id: number;
  readonly kind: Forked;
  readonly channel: number;
}

/** Fork server -> manager, once the stage has its channel. */
export type ForkReply =
  | { readonly id: number; readonly pid: number }
  | { readonly id: number; readonly error: string };

interface Spare {
  readonly pid: number;
  readonly socket: number;
}

const KINDS: readonly StageKind[] = ['start', 'attach', 'userns', 'device', 'proxy'];
/**
 * How long after the last request a spare is made again, milliseconds: not in the middle of a
 * start.
 */
const QUIET = 40;

/** Serves until the manager's end of `control` closes. `manager` is a pidfd of it. */
export function forkServer(kernel: Kernel, control: number, manager: number): never {
  process.title = 'tslxc-forkserver';
  kernel.prctl(PR.SET_DUMPABLE, 0);
  kernel.signal(SIG.CHLD, 'ignore');
  unprotectFromOomKiller();
  // Nothing that the keeper or Node has open may be in a process that enters a container.
  kernel.separateWakeups();
  kernel.closeAllBut([0, 1, 2, control, manager]);
  warmUp(kernel);
  const lines = new LineBuffer();
  const chunk = Buffer.alloc(4096);
  let spare: Spare | undefined;

  const sockets = () => [control, ...(spare ? [spare.socket] : [])];

  /** A fresh stage on its way to work: forks, and in the child never returns. */
  const forkStage = (kind: Forked, channelNumber: number): number => {
    const channel = kernel.pidfdGetfd(manager, channelNumber);
    const pid = kernel.fork();
    if (pid === 0) {
      for (const fd of sockets()) kernel.close(fd);
      if (kind === 'spawner') {
        kernel.close(manager);
        runSpawner(kernel, channel);
      }
      runStage(kernel, kind, channel, manager);
    }
    kernel.close(channel);
    return pid;
  };

  const makeSpare = (): Spare => {
    // Else a stage would come to it in the middle of its work, as its heap is the one that we have
    // now.
    collectGarbage();
    const [ours, theirs] = kernel.socketpair(1 | O.CLOEXEC);
    const pid = kernel.fork();
    if (pid === 0) {
      for (const fd of [ours, ...sockets()]) kernel.close(fd);
      waitAsSpare(kernel, manager, theirs);
    }
    kernel.close(theirs);
    return { pid, socket: ours };
  };

  /** Hands the work to the spare; undefined when it has died. */
  const useSpare = (kind: StageKind, channel: number): number | undefined => {
    if (!spare) return undefined;
    const { pid, socket } = spare;
    spare = undefined;
    const order = Buffer.alloc(8);
    order.writeInt32LE(channel, 0);
    order.writeInt32LE(KINDS.indexOf(kind), 4);
    try {
      kernel.send(socket, order);
      return kernel.recv(socket, Buffer.alloc(1)) === 1 ? pid : undefined;
    } catch {
      return undefined;
    } finally {
      kernel.close(socket);
    }
  };

  const serve = (line: string): ForkReply => {
    const { id, kind, channel } = JSON.parse(line) as ForkRequest;
    try {
      const used = kind === 'spawner' ? undefined : useSpare(kind, channel);
      return { id, pid: used ?? forkStage(kind, channel) };
    } catch (error) {
      return { id, error: (error as Error).message };
    }
  };

  for (;;) {
    const ready = kernel.poll([{ fd: control, events: POLL.IN }], spare ? -1 : QUIET);
    if (ready.length === 0) {
      spare = makeSpare();
      continue;
    }
    const length = kernel.recv(control, chunk);
    if (length === 0) kernel.exit(0);
    for (const line of lines.push(chunk.subarray(0, length)))
      kernel.send(control, Buffer.from(`${JSON.stringify(serve(line))}\n`));
  }
}

/** Collects the young objects only, which takes a millisecond. */
function collectGarbage(): void {
  (globalThis as { gc?: (options: { type: 'minor' }) => void }).gc?.({ type: 'minor' });
}

function waitAsSpare(kernel: Kernel, manager: number, socket: number): never {
  const order = Buffer.alloc(8);
  if (kernel.recv(socket, order) !== 8) kernel.exit(0);
  const channel = kernel.pidfdGetfd(manager, order.readInt32LE(0));
  kernel.send(socket, Buffer.from([1]));
  kernel.close(socket);
  return runStage(kernel, KINDS[order.readInt32LE(4)]!, channel, manager);
}
