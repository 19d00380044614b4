/** The manager's socket: one session a client. Clients ask, the supervisor does. */
import { closeSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { AttachRequest } from '../container/plan/attach-request.ts';
import { attachProgram } from '../container/run/attach.ts';
import { changePorts } from '../container/run/change-ports.ts';
import { changeDeviceNode } from '../container/run/device-node.ts';
import { attachNic, detachNic } from '../container/run/hot-plug.ts';
import type { StopRequest } from '../container/run/stop.ts';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { ContainerMonitor } from './monitor/container-monitor.ts';
import type { Supervisor } from './supervisor.ts';
import {
  type ConsoleRequest,
  type ManagerEvent,
  type Operation,
  PROTOCOL_VERSION,
  type Reply,
  type Request,
  type Requests,
  type StartRequest,
} from './wire/protocol.ts';
import { JsonLines } from './wire/rpc.ts';

type Handlers = {
  readonly [O in Operation]: (
    params: Requests[O]['params'],
    tell: (event: ManagerEvent) => void,
  ) => Promise<Requests[O]['result']> | Requests[O]['result'];
};

/** What a client of any version may ask: who we are, and to make room for a manager of its own. */
const FOR_ALL_VERSIONS = new Set(['hello', 'quit']);
/** Seconds that a container started in the foreground has to shut down when its client has gone. */
const ORPHAN_TIMEOUT = 30;

/**
 * A client's connection. Its resources (ttys, console streams, descriptors not yet copied) are
 * released when it closes.
 */
class Session {
  readonly #supervisor: Supervisor;
  /** Who wants it, for the record (see `hello`); what needs certainty goes by `#peer`. */
  #caller: number;
  readonly #peer: { readonly uid: number; readonly pid: number };
  readonly #onWatch: () => void;
  #unwatch: (() => void) | undefined;
  readonly #lines: JsonLines;
  /** Descriptors made for the client that it has not copied yet. */
  readonly #pending = new Set<number>();
  readonly #attached = new Set<number>();
  readonly #containers = new Set<ContainerMonitor>();
  #foreground: ContainerMonitor | undefined;
  /** Aborts when the client has gone. */
  readonly #gone = new AbortController();
  /** Whether the client has said hello in our version of the protocol. */
  #understood = false;

  constructor(
    supervisor: Supervisor,
    socket: Socket,
    peer: { readonly uid: number; readonly pid: number },
    listeners: { onWatch(): void; onEnd(watched: boolean): void },
  ) {
    this.#supervisor = supervisor;
    this.#peer = peer;
    this.#caller = peer.pid;
    this.#onWatch = listeners.onWatch;
    this.#lines = new JsonLines(
      socket,
      (message: Request) => void this.#serve(message),
      () => {
        this.#end();
        listeners.onEnd(this.#unwatch !== undefined);
      },
    );
  }

  async #serve(request: Request): Promise<void> {
    const { id, op } = request;
    const reply = (message: Reply) => this.#lines.send(message);
    try {
      const handler = Object.hasOwn(this.#handlers, op) ? this.#handlers[op as Operation] : undefined;
      if (!this.#understood && !FOR_ALL_VERSIONS.has(op)) throw otherVersion();
      if (!handler)
        throw new TslxcError({ code: 'PROTOCOL', message: `the manager knows no operation "${op}"` });
      const result = await (handler as (params: unknown, tell: (event: ManagerEvent) => void) => unknown)(
        request,
        (event) => reply({ id, event }),
      );
      reply({ id, ok: true, result });
    } catch (error) {
      reply({ id, ok: false, error: toTslxcError(error).toJSON() });
    }
  }

  readonly #handlers: Handlers = {
    hello: ({ version, caller }) => {
      if (caller !== undefined) this.#caller = caller;
      this.#understood = version === PROTOCOL_VERSION;
      return { version: PROTOCOL_VERSION, pid: process.pid };
    },
    start: (params, tell) => this.#start(params, tell),
    stop: async (params: StopRequest) => {
      const forced = await this.#supervisor.stop(params, { uid: this.#peer.uid, pid: this.#caller });
      return forced ? { forced } : {};
    },
    freeze: async (params) => {
      await this.#supervisor.get(params).freeze();
      return {};
    },
    unfreeze: async (params) => {
      await this.#supervisor.get(params).unfreeze();
      return {};
    },
    watch: (params, tell) => this.#watch(params, tell),
    console: (params) => this.#console(params),
    'console-log': ({ read, clear, ...target }) => {
      const { terminals } = this.#supervisor.get(target);
      if (!terminals.hasConsole) throw noConsole();
      const data = read ? terminals.consoleLog.toString('base64') : '';
      if (clear) terminals.clearConsoleLog();
      return { data };
    },
    attach: (params, tell) => this.#attach(params, tell),
    cgroup: ({ key, value, ...target }) => this.#supervisor.get(target).setCgroup(key, value),
    device: async (params) => {
      await changeDeviceNode(this.#supervisor.host, this.#supervisor.get(params), params);
      return {};
    },
    ports: async (params) => ({
      published: await changePorts(this.#supervisor.host, this.#supervisor.get(params).nicOwner(), params),
    }),
    'attach-nic': async (params) => ({
      nic: await attachNic(this.#supervisor.host, this.#supervisor.get(params).nicOwner(), params),
    }),
    'detach-nic': async (params) => ({
      nic: await detachNic(this.#supervisor.host, this.#supervisor.get(params).nicOwner(), params),
    }),
    resize: ({ size, ...target }) => {
      this.#supervisor.get(target).terminals.resizeConsole(size);
      return {};
    },
    taken: ({ fd }) => {
      if (this.#pending.delete(fd)) closeSync(fd);
      return {};
    },
    signal: ({ pid, signal }) => {
      if (this.#attached.has(pid) || this.#foreground?.initPid === pid)
        this.#supervisor.kernel.kill(pid, signal);
      return {};
    },
    quit: () => ({ left: this.#supervisor.leaveIfIdle() }),
  };

  /** A session that only watches does not keep the manager alive. */
  #watch(
    { lxcpaths, since }: Requests['watch']['params'],
    tell: (event: ManagerEvent) => void,
  ): Requests['watch']['result'] {
    const wanted = ({ lxcpath }: { lxcpath: string }) => lxcpaths.length === 0 || lxcpaths.includes(lxcpath);
    if (!this.#unwatch) this.#onWatch();
    this.#unwatch?.();
    this.#unwatch = this.#supervisor.watch((event) => {
      if (wanted(event)) tell(event);
    }, since);
    return { containers: this.#supervisor.states().filter(wanted) };
  }

  async #start(
    params: StartRequest,
    tell: (event: ManagerEvent) => void,
  ): Promise<Requests['start']['result']> {
    const received = performance.now();
    const abortStart = () => this.#supervisor.abortStart(params);
    this.#gone.signal.addEventListener('abort', abortStart);
    const { container, warnings } = await this.#supervisor
      .start(
        { ...params, ...callerCgroups(this.#caller) },
        params.stdio ? { pid: this.#peer.pid, fds: params.stdio } : undefined,
      )
      .finally(() => this.#gone.signal.removeEventListener('abort', abortStart));
    const milliseconds = performance.now() - received;
    const result = {
      pid: container.initPid ?? 0,
      milliseconds,
      warnings: warnings.map((w) => w.toJSON()),
    };
    if (!params.foreground) return result;
    this.#foreground = container;
    if (this.#gone.signal.aborted) {
      this.#stopOrphan();
      return result;
    }
    const follow = (): void =>
      void container.ended().then(({ status, target }) => {
        if (target === 'reboot') follow();
        else {
          this.#foreground = undefined;
          tell({ type: 'stopped', status });
        }
      });
    follow();
    // A program that has nothing on the console is watched, but not looked at.
    const { none, stream } = container.terminals.console;
    if (none || params.execute?.onConsole.length === 0) return result;
    const fd = this.#lend(container.terminals.consoleStream(true));
    return { ...result, fd, ...(stream === 2 ? { onErrors: true as const } : {}) };
  }

  #console(params: ConsoleRequest): Requests['console']['result'] {
    const container = this.#supervisor.get(params);
    const { terminals } = container;
    if (params.tty === 0) {
      if (!terminals.hasConsole) throw noConsole();
      return { tty: 0, fd: this.#lend(terminals.consoleStream(true)) };
    }
    const { tty, master } = terminals.lend(params.tty, this);
    this.#containers.add(container);
    return { tty, fd: master };
  }

  async #attach(
    params: AttachRequest,
    tell: (event: ManagerEvent) => void,
  ): Promise<Requests['attach']['result']> {
    const supervisor = this.#supervisor;
    const { pid, master } = await attachProgram(
      supervisor.host,
      supervisor.get(params).attachable(),
      params,
      {
        pid: this.#peer.pid,
        gone: this.#gone.signal,
        expectEnd: (pid) => {
          this.#attached.add(pid);
          supervisor.whenEnded(pid, (status) => {
            this.#attached.delete(pid);
            // After the answer to the request, which a short program may outrun.
            setImmediate(() => tell({ type: 'attached-exit', status }));
          });
        },
      },
    );
    return master === undefined ? { pid } : { pid, fd: this.#lend(master) };
  }

  #lend(fd: number): number {
    this.#pending.add(fd);
    return fd;
  }

  #end(): void {
    for (const fd of this.#pending) closeSync(fd);
    this.#pending.clear();
    for (const container of this.#containers) container.terminals.giveBack(this);
    this.#unwatch?.();
    this.#gone.abort();
    this.#stopOrphan();
  }

  /** The client of a foreground start has disconnected: shuts its container down. */
  #stopOrphan(): void {
    const orphan = this.#foreground;
    if (orphan)
      void orphan
        .stop(
          { ...orphan.ref, mode: 'shutdown', timeout: ORPHAN_TIMEOUT, killAfter: true },
          { uid: this.#peer.uid, pid: this.#caller },
        )
        .catch(() => {});
  }
}

/** Where a caller is; nothing when it has gone already. */
function callerCgroups(pid: number): { callerCgroups?: string } {
  try {
    return { callerCgroups: readFileSync(`/proc/${pid}/cgroup`, 'utf8') };
  } catch {
    return {};
  }
}

function noConsole(): TslxcError {
  return new TslxcError({ code: 'TTY_UNAVAILABLE', message: 'the container has no console' });
}

function otherVersion(): TslxcError {
  return new TslxcError({
    code: 'PROTOCOL',
    message: `the running manager (pid ${process.pid}) is of another version: it speaks protocol ${PROTOCOL_VERSION}`,
    hint: `containers outlive it: end it with \`kill ${process.pid}\` and try again`,
  });
}

/** Listens at `path`. Only the user that the manager belongs to, and root, are let in. */
export async function listen(
  kernel: Kernel,
  supervisor: Supervisor,
  path: string,
  onSessions: (count: number) => void,
): Promise<Server> {
  let sessions = 0;
  const server = createServer((socket) => {
    const { uid, pid } = kernel.peerCredentials(
      (socket as unknown as { _handle: { fd: number } })._handle.fd,
    );
    if (uid !== process.getuid!() && uid !== 0) {
      socket.destroy();
      return;
    }
    onSessions(++sessions);
    const left = () => onSessions(--sessions);
    new Session(
      supervisor,
      socket,
      { uid, pid },
      {
        onWatch: left,
        onEnd: (watched) => {
          if (!watched) left();
        },
      },
    );
  });
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return server;
}
