import { Socket } from 'node:net';
import type { ContainerRef } from '../container/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { EscapeFilter, parseEscape } from '../terminal/escape.ts';
import { relayTerminal } from '../terminal/relay.ts';
import { withManager } from './manager.ts';
import type { ForegroundOptions } from './options.ts';
import { startRequest, startResult } from './start.ts';

/** Starts a container with its console on the caller's terminal; settles with init's exit status when it stops. */
export function startForeground(ref: ContainerRef, options: ForegroundOptions): Promise<ExitStatus> {
  return withManager('start a container', async (manager) => {
    let stopped: (status: ExitStatus) => void = () => {};
    const end = new Promise<ExitStatus>((resolve) => {
      stopped = resolve;
    });
    const lost = new Promise<never>((_, reject) => {
      manager.onEnd = () =>
        reject(
          new TslxcError({
            code: 'MANAGER_DIED',
            container: ref.name,
            message: 'the manager (tslxcd) went away; the container goes on running',
            hint: `\`tslxc-console -n ${ref.name} -t 0\` leads back to its console`,
          }),
        );
    });
    lost.catch(() => {});
    const reply = await manager.request('start', startRequest(ref, options, true), (event) => {
      if (event.type === 'stopped') stopped(event.status ?? { code: null, signal: null });
    });
    options.onStarted?.(startResult(reply));
    const stream = new Socket({ fd: await manager.take(reply.fd!), readable: true, writable: true });
    const relay = relayTerminal({
      kernel: linuxKernel(),
      input: options.input,
      output: options.output,
      peer: stream,
      ...(options.output.isTTY ? { terminal: 1 } : {}),
      ...(options.escape ? { escape: new EscapeFilter(parseEscape(options.escape)) } : {}),
      onResize: (size) => void manager.request('resize', { ...ref, size }).catch(() => {}),
      signals: process,
    });
    // Ended by a signal or by the end of the terminal: hanging up makes the manager shut the container down.
    const ended = relay.then(async (how) => (how === 'terminated' ? { code: null, signal: 15 } : await end));
    const status = await Promise.race([ended, lost]);
    if (!stream.destroyed) stream.destroy();
    return status;
  });
}
