/**
 * The fork server: a small synchronous process that makes every process which enters a namespace. It is forked off by
 * the keeper, blocks in poll and forks; its quiet heap is what makes certified forks cheap (docs/design.md).
 *
 * It keeps two certified spares waiting: a plain one, and one that has made its network, uts and ipc namespaces
 * already (a network namespace is the dearest single step of a start).
 */
import { O, POLL, PR, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { LineBuffer } from '../kernel/line-buffer.ts';
import { bringLoopbackUp } from '../network/container-side.ts';
import { rehearse } from '../stage/rehearsal.ts';
import { runStage, type StageKind } from '../stage/run-stage.ts';
import { PREPARED_NAMESPACES } from '../stage/start-outer.ts';

/** Manager -> fork server. `channel` is the number, in the manager, of the stage's end of a socket pair. */
export interface ForkRequest {
  readonly id: number;
  readonly kind: StageKind;
  readonly channel: number;
  /** Whether a spare with fresh net, uts and ipc namespaces will do. */
  readonly prepared: boolean;
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
/** How long after the last request spares are made again, milliseconds: not in the middle of a start. */
const QUIET = 40;

/** Serves until the manager's end of `control` closes. `manager` is a pidfd of it. */
export function forkServer(kernel: Kernel, control: number, manager: number): never {
  process.title = 'tslxc-forkserver';
  kernel.prctl(PR.SET_DUMPABLE, 0);
  kernel.signal(SIG.CHLD, 'ignore');
  rehearse(kernel);
  const spares: { plain?: Spare | undefined; prepared?: Spare | undefined } = {};
  const lines = new LineBuffer();
  const chunk = Buffer.alloc(4096);

  const sockets = () => [spares.plain?.socket, spares.prepared?.socket].filter((fd) => fd !== undefined);

  /** A fresh stage on its way to work: forks, and in the child never returns. */
  const forkStage = (kind: StageKind, channelNumber: number): number => {
    const channel = kernel.pidfdGetfd(manager, channelNumber);
    const pid = kernel.fork();
    if (pid === 0) {
      for (const fd of [control, ...sockets()]) kernel.close(fd);
      runStage(kernel, kind, channel, manager, 0);
    }
    kernel.close(channel);
    return pid;
  };

  const makeSpare = (unshared: number): Spare => {
    // Else a stage would come to it in the middle of its work, as its heap is the one that we have now.
    collectGarbage();
    const [ours, theirs] = kernel.socketpair(1 | O.CLOEXEC);
    const pid = kernel.fork();
    if (pid === 0) {
      for (const fd of [control, ours, ...sockets()]) kernel.close(fd);
      waitAsSpare(kernel, manager, theirs, unshared);
    }
    kernel.close(theirs);
    return { pid, socket: ours };
  };

  /** Hands the work to a spare; undefined when the spare has died. */
  const useSpare = (which: 'plain' | 'prepared', kind: StageKind, channel: number): number | undefined => {
    const spare = spares[which];
    if (!spare) return undefined;
    spares[which] = undefined;
    const order = Buffer.alloc(8);
    order.writeInt32LE(channel, 0);
    order.writeInt32LE(KINDS.indexOf(kind), 4);
    try {
      kernel.send(spare.socket, order);
      return kernel.recv(spare.socket, Buffer.alloc(1)) === 1 ? spare.pid : undefined;
    } catch {
      return undefined;
    } finally {
      kernel.close(spare.socket);
    }
  };

  const serve = (line: string): ForkReply => {
    const { id, kind, channel, prepared } = JSON.parse(line) as ForkRequest;
    try {
      const pid = useSpare(prepared ? 'prepared' : 'plain', kind, channel) ?? forkStage(kind, channel);
      return { id, pid };
    } catch (error) {
      return { id, error: (error as Error).message };
    }
  };

  for (;;) {
    const full = spares.plain && spares.prepared;
    const ready = kernel.poll([{ fd: control, events: POLL.IN }], full ? -1 : QUIET);
    if (ready.length === 0) {
      if (!spares.plain) spares.plain = makeSpare(0);
      else if (!spares.prepared) spares.prepared = makeSpare(PREPARED_NAMESPACES);
      continue;
    }
    const length = kernel.recv(control, chunk);
    if (length === 0) kernel.exit(0);
    for (const line of lines.push(chunk.subarray(0, length)))
      kernel.send(control, Buffer.from(`${JSON.stringify(serve(line))}\n`));
  }
}

/** Of the young objects: a millisecond. */
function collectGarbage(): void {
  (globalThis as { gc?: (options: { type: 'minor' }) => void }).gc?.({ type: 'minor' });
}

function waitAsSpare(kernel: Kernel, manager: number, socket: number, unshared: number): never {
  if (unshared !== 0) {
    kernel.unshare(unshared);
    bringLoopbackUp(kernel);
  }
  const order = Buffer.alloc(8);
  if (kernel.recv(socket, order) !== 8) kernel.exit(0);
  const channel = kernel.pidfdGetfd(manager, order.readInt32LE(0));
  kernel.send(socket, Buffer.from([1]));
  kernel.close(socket);
  return runStage(kernel, KINDS[order.readInt32LE(4)]!, channel, manager, unshared);
}
