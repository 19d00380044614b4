/**
 * LXC's command socket of one running container (`lxc.compat.socket = 1` of tslxc.conf): an
 * abstract unix socket through which the real `lxc-*` commands, liblxc and its bindings see and
 * steer the container.
 *
 * An abstract socket has no permissions: every process of the host's network namespace can connect,
 * also one in a container that shares that network. A peer is answered only if it is root of the
 * host's own user and pid namespaces.
 */
import { readlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { State } from '../../container/state/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { parseRequest, responseHeader, socketName, stateMessage, stateNumber } from './lxc-protocol.ts';
import { type Answer, HANDLERS, type LxcTarget } from './lxc-requests.ts';

interface Waiter {
  readonly socket: Socket;
  readonly states: ReadonlySet<number>;
}

export class LxcSocket {
  readonly #kernel: Kernel;
  readonly #target: LxcTarget;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiters = new Set<Waiter>();

  private constructor(kernel: Kernel, target: LxcTarget) {
    this.#kernel = kernel;
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /**
   * Opens the socket.
   * @throws Error EADDRINUSE where a container of that name and path runs under LXC
   */
  static async open(kernel: Kernel, target: LxcTarget): Promise<LxcSocket> {
    const opened = new LxcSocket(kernel, target);
    await new Promise<void>((done, failed) => {
      opened.#server.once('error', failed);
      opened.#server.listen(`\0${socketName(target.lxcpath, target.name)}`, done);
    });
    return opened;
  }

  /** Tells the clients that wait for a state. */
  stateChanged(state: State): void {
    for (const waiter of this.#waiters) {
      if (!waiter.states.has(stateNumber(state))) continue;
      this.#waiters.delete(waiter);
      waiter.socket.end(stateMessage(this.#target.name, state));
    }
  }

  /** Ends the socket and, with it, the wait of clients for the container's end. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.end();
  }

  #accept(socket: Socket): void {
    const fd = descriptorOf(socket);
    if (!isTrusted(this.#kernel, fd)) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const closed: (() => void)[] = [];
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#sockets.delete(socket);
      for (const work of closed) work();
    });
    const connection = {
      onClosed: (work: () => void) => void closed.push(work),
      awaitStates: (states: ReadonlySet<number>) => {
        const waiter = { socket, states };
        this.#waiters.add(waiter);
        closed.push(() => this.#waiters.delete(waiter));
      },
      tell: (state: State) => this.stateChanged(state),
    };
    let received = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      const request = parseRequest(received);
      if (request === undefined) return;
      // Each connection carries one request. Further data is read and dropped, so that the client's
      // end is noticed.
      socket.removeAllListeners('data').resume();
      const handler = request && HANDLERS[request.command];
      // LXC closes the connection for a command that it does not know; so its clients find out what
      // a server can.
      if (!handler) return void socket.end();
      Promise.resolve()
        .then(() => handler(this.#target, request, connection))
        .then((answer) => this.#send(socket, answer))
        .catch(() => socket.destroy());
    });
  }

  #send(socket: Socket, answer: Answer): void {
    if (socket.destroyed || answer.after === 'none') return;
    const header = responseHeader(answer);
    // The descriptor travels with the header, so that is written past Node, which has nothing
    // queued yet.
    if (answer.descriptor === undefined) socket.write(header);
    else this.#kernel.sendDescriptors(descriptorOf(socket), header, [answer.descriptor]);
    if (Buffer.isBuffer(answer.data)) socket.write(answer.data);
    if (answer.after !== 'keep') socket.end();
  }
}

/** Node has no public way to a socket's descriptor. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

/** Root of the host's own user and pid namespaces. */
function isTrusted(kernel: Kernel, fd: number): boolean {
  const { pid, uid } = kernel.peerCredentials(fd);
  if (uid !== 0 && uid !== process.geteuid!()) return false;
  try {
    return ['user', 'pid'].every(
      (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`),
    );
  } catch {
    return false;
  }
}
