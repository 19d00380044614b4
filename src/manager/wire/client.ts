/** A client's line to the manager, which is started when it is not there. */

import { closeSync, existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlFlow } from '../../errors/control-flow.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { ownEnvironment } from '../../util/own-process.ts';
import type { RequestContext } from '../../util/request-context.ts';
import { DEFAULT_PATH } from '../../util/search-path.ts';
import { ManagerLog } from '../process/manager-log.ts';
import { NODE_FLAGS } from '../process/node-flags.ts';
import {
  hostRootArgument,
  keepRootToThread,
  thisProcess,
  withReadOnlyHost,
} from '../process/read-only-host.ts';
import { runPaths } from '../process/run-paths.ts';
import { type ManagerEvent, type Operation, PROTOCOL_VERSION, type Requests } from './protocol.ts';
import { RpcClient } from './rpc.ts';

/**
 * How long a manager may take to open its socket, milliseconds: a slow, emulated machine has to
 * make it.
 */
const PATIENCE = 120_000;
/** How long a launched manager is waited for before another one is launched, milliseconds. */
const LAUNCH_AGAIN = 5000;

/** The request has ended before it had a line to the manager. */
export class NoManager extends ControlFlow {
  constructor() {
    super('no-manager');
  }
}

export class ManagerClient {
  readonly #rpc: RpcClient;
  /**
   * Sent ahead of the first request without waiting: the manager refuses what follows a version
   * that it does not speak.
   */
  readonly #hello: Promise<Requests['hello']['result']>;
  onEnd: () => void = () => {};
  /**
   * Whether it has answered at all. One that went away before has done nothing: it was killed when
   * we came.
   */
  answered = false;

  private constructor(rpc: RpcClient, context: RequestContext) {
    this.#rpc = rpc;
    rpc.onEnd = () => this.onEnd();
    const caller = context.pid === process.pid ? {} : { caller: context.pid };
    this.#hello = rpc.request('hello', { version: PROTOCOL_VERSION, ...caller });
    const hangUp = () => this.close();
    context.signal.addEventListener('abort', hangUp, { once: true });
    rpc.socket.once('close', () => context.signal.removeEventListener('abort', hangUp));
    this.#hello.then(
      () => {
        this.answered = true;
      },
      () => {},
    );
  }

  /**
   * Connects on behalf of a request, until that ends; `start` says whether to start a manager when
   * none answers.
   * @throws TslxcError MANAGER_UNREACHABLE
   * @throws NoManager where the request has ended already
   */
  static async connect(
    context: RequestContext,
    options: { start: boolean },
  ): Promise<ManagerClient | undefined> {
    const path = runPaths().managerSocket;
    let socket = await tryConnect(path);
    if (!socket && options.start) socket = await startManager(path);
    if (!socket) return undefined;
    if (context.signal.aborted) {
      socket.destroy();
      throw new NoManager();
    }
    return new ManagerClient(new RpcClient(socket, 'the manager (tslxcd)', 'MANAGER_DIED'), context);
  }

  request<O extends Operation>(
    op: O,
    params: Requests[O]['params'],
    onEvent?: (event: ManagerEvent) => void,
  ): Promise<Requests[O]['result']> {
    return this.#rpc.request(op, params, onEvent);
  }

  /**
   * This process's copy of a descriptor of the manager's. `keep`: the manager goes on holding its
   * own.
   * @throws TslxcError MANAGER_DIED
   */
  async take(fd: number, options: { keep?: boolean } = {}): Promise<number> {
    // Loaded only where a descriptor is wanted: a plain start has no need of the kernel's binding.
    const kernel = (await import('../../kernel/linux.ts')).linuxKernel();
    const { pid } = await this.#hello;
    let manager = -1;
    let copy: number;
    try {
      manager = kernel.pidfdOpen(pid);
      copy = kernel.pidfdGetfd(manager, fd);
    } catch (error) {
      throw (error as { code?: string }).code === 'ESRCH' ? this.#rpc.gone() : error;
    } finally {
      if (manager >= 0) kernel.close(manager);
    }
    if (!options.keep) await this.request('taken', { fd });
    return copy;
  }

  /** The connection no longer keeps this process alive. */
  unref(): void {
    this.#rpc.socket.unref();
  }

  close(): void {
    this.#rpc.socket.destroy();
  }
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket)).once('error', () => resolve(undefined));
  });
}

/** Starts tslxcd, detached from this command in every way, and waits for its socket. */
async function startManager(path: string): Promise<Socket> {
  const log = new ManagerLog(runPaths().log);
  for (const begin = Date.now(); ; ) {
    const left = PATIENCE - (Date.now() - begin);
    const end = await launchManager(log);
    // A manager that finds another one there ends with 0. The other one may be dying: launch again.
    const socket = await connectWhile(path, Math.min(left, LAUNCH_AGAIN), () => !end.failure);
    if (socket) return socket;
    if (end.failure === undefined && left > 0) continue;
    throw new TslxcError({
      code: 'MANAGER_UNREACHABLE',
      message: `the manager (tslxcd) could not be started: ${end.failure ?? `no answer in ${PATIENCE / 1000} seconds`}${log.lastWords()}`,
      hint: `its messages are in ${log.path}`,
    });
  }
}

/** @returns how the process has ended, as soon as it has with a failure */
async function launchManager(log: ManagerLog): Promise<{ failure?: string }> {
  const { spawn } = await import('node:child_process');
  const { linuxKernel } = await import('../../kernel/linux.ts');
  const end: { failure?: string } = {};
  const logFd = log.open();
  const launch = (hostRoot?: number) =>
    spawn(process.execPath, managerArguments(hostRoot !== undefined), {
      detached: true,
      cwd: '/',
      stdio: ['ignore', logFd, logFd, ...(hostRoot === undefined ? [] : [hostRoot])],
      env: managerEnvironment(),
    });
  try {
    const child = thisProcess.mayChangeRoot ? launchReadOnly(linuxKernel(), launch) : launch();
    child.once('error', (error) => {
      end.failure = error.message;
    });
    child.once('exit', (code, signal) => {
      if (code !== 0) end.failure = `it ended with ${signal ?? `status ${code}`}`;
    });
    child.unref();
  } finally {
    closeSync(logFd);
  }
  return end;
}

async function connectWhile(
  path: string,
  patience: number,
  goOn: () => boolean,
): Promise<Socket | undefined> {
  for (const begin = Date.now(); Date.now() - begin < patience; await delay(2)) {
    const socket = await tryConnect(path);
    if (socket || !goOn()) return socket;
  }
  return undefined;
}

/** Saves the manager from executing itself again: see read-only-host.ts. */
function launchReadOnly<T>(kernel: Kernel, launch: (hostRoot: number) => T): T {
  keepRootToThread(kernel);
  return withReadOnlyHost(kernel, launch);
}

function managerArguments(readOnly: boolean): string[] {
  // Next to the bundle of the command; from the sources (tests) next to this file.
  const bundle = join(import.meta.dirname ?? __dirname, 'tslxcd.cjs');
  const script = existsSync(bundle) ? bundle : join(import.meta.dirname ?? __dirname, '../boot.ts');
  return [...NODE_FLAGS, script, ...(readOnly ? [hostRootArgument(3)] : [])];
}

/**
 * The only variables of its first caller that the manager keeps. No secret of the caller, such as
 * TSLXC_ROOT_PASSWORD of a template, outlives the command. The search path is the same for every
 * first caller.
 */
const KEPT_VARIABLES: ReadonlySet<string> = new Set([
  'HOME',
  'XDG_RUNTIME_DIR',
  'TSLXC_RUNDIR',
  'TSLXC_IDLE_SECONDS',
  'TSLXC_POOL',
]);

function managerEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(ownEnvironment()).filter(([name]) => KEPT_VARIABLES.has(name));
  return { ...Object.fromEntries(kept), PATH: DEFAULT_PATH };
}
