import { Socket } from 'node:net';
import type { ContainerRef } from '../container/state/paths.ts';
import type { TslxcError } from '../errors/tslxc-error.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import type { ManagerClient } from '../manager/wire/client.ts';
import type { StartResult as StartReply, StartRequest } from '../manager/wire/protocol.ts';
import { EscapeFilter, parseEscape } from '../terminal/escape.ts';
import { type RelayOptions, relayTerminal } from '../terminal/relay.ts';
import type { RequestContext } from '../util/request-context.ts';
import { HandedStreams } from './handed-streams.ts';
import { withManager } from './manager.ts';
import type { ForegroundOptions } from './options.ts';
import { keepsRunning, requestStart, startRequest, startResult } from './start.ts';

/** A container that was started in the foreground, and the connection to the manager. */
export interface InForeground {
  readonly manager: ManagerClient;
  readonly reply: StartReply;
  /** Settles with init's exit status; rejects with MANAGER_DIED. */
  readonly end: Promise<ExitStatus>;
}

/**
 * Starts a container and keeps the connection: when it closes, the manager shuts the container
 * down.
 */
export function startAndStay(
  context: RequestContext,
  ref: ContainerRef,
  request: StartRequest,
  stay: (container: InForeground) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  return withManager(context, 'start a container', async (manager) => {
    let stopped: (status: ExitStatus) => void = () => {};
    const end = new Promise<ExitStatus>((resolve, reject) => {
      stopped = resolve;
      manager.onEnd = () => reject(keepsRunning(ref));
    });
    end.catch(() => {});
    const reply = await requestStart(manager, request, (event) => {
      if (event.type === 'stopped') stopped(event.status ?? { code: null, signal: null });
    });
    return await stay({ manager, reply, end }).catch((error) => {
      if ((error as TslxcError).code === 'MANAGER_DIED') return end;
      throw error;
    });
  });
}

/**
 * Shows the container's console on the caller's terminal until the container stops. A container
 * ended from here, by a signal or by the end of the terminal, counts as ended by SIGTERM.
 */
export async function relayConsole(
  ref: ContainerRef,
  { manager, reply, end }: InForeground,
  caller: Pick<RelayOptions, 'input' | 'output' | 'terminal' | 'escape' | 'signal'>,
): Promise<ExitStatus> {
  const stream = new Socket({ fd: await manager.take(reply.fd!), readable: true, writable: true });
  const relay = relayTerminal({
    kernel: linuxKernel(),
    ...caller,
    peer: stream,
    onResize: (size) => void manager.request('resize', { ...ref, size }).catch(() => {}),
    signals: process,
  });
  const ended = relay.then(async (how) =>
    how === 'terminated' ? await stopFromHere(ref, manager, end) : await end,
  );
  // Settles first only if the manager died: a container's end is reported after its last output.
  const lost = end.then(() => ended);
  const status = await Promise.race([ended, lost]);
  if (!stream.destroyed) stream.destroy();
  return status;
}

/** Seconds that init has to shut down after the end of its foreground client. */
const SHUTDOWN_SECONDS = 30;
const SIGTERM = 15;

/** The caller ends the container: settles when it has ended and its post-stop hooks have run. */
async function stopFromHere(
  ref: ContainerRef,
  manager: ManagerClient,
  end: Promise<ExitStatus>,
): Promise<ExitStatus> {
  const { name, lxcpath } = ref;
  const stop = { name, lxcpath, mode: 'shutdown', timeout: SHUTDOWN_SECONDS, killAfter: true } as const;
  // The manager's death, or an end that is under way, settles it as well.
  await Promise.race([manager.request('stop', stop).then(() => end), end]).catch(() => {});
  return { code: null, signal: SIGTERM };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Settles with the first signal that asks this process to end; the next one ends it. */
function signalled(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  return new Promise((resolve) => {
    const heard = () => {
      for (const signal of signals) process.off(signal, heard);
      resolve();
    };
    for (const signal of signals) process.on(signal, heard);
  });
}

/**
 * Starts a container with its console on the caller's terminal. Settles with init's exit status
 * when the container stops.
 */
export async function startForeground(
  context: RequestContext,
  ref: ContainerRef,
  options: ForegroundOptions,
): Promise<ExitStatus> {
  const streams = new HandedStreams(options.terminals ?? [0, 1, 2], {
    1: () => options.output,
    2: () => options.errors ?? options.output,
  });
  const request = { ...(await startRequest(context, ref, options, true)), stdio: streams.fds };
  // Before the start: a signal in the middle of it ends the container as soon as it runs.
  const asked = new AbortController();
  void signalled().then(() => asked.abort());
  return await startAndStay(context, ref, request, async (container) => {
    options.onStarted?.(startResult(container.reply));
    if (container.reply.fd === undefined) {
      const shown = streams.shown();
      const status = await Promise.race([
        container.end,
        aborted(asked.signal).then(() => stopFromHere(ref, container.manager, container.end)),
      ]);
      await shown;
      return status;
    }
    const output = (container.reply.onErrors && options.errors) || options.output;
    return await relayConsole(ref, container, {
      input: options.input,
      output,
      signal: asked.signal,
      ...(output.isTTY ? { terminal: output === options.output ? 1 : 2 } : {}),
      ...(options.escape ? { escape: new EscapeFilter(parseEscape(options.escape)) } : {}),
    });
  }).finally(() => streams.close());
}
