import { Socket } from 'node:net';
import type { ContainerRef } from '../container/state/paths.ts';
import { liveRecord } from '../container/state/runtime-record.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { DEFAULT_ESCAPE, EscapeFilter, parseEscape } from '../terminal/escape.ts';
import { relayTerminal } from '../terminal/relay.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { ConsoleLogOptions, ConsoleOptions } from './options.ts';

/**
 * What the console printed last. @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, TTY_UNAVAILABLE
 */
export async function consoleLog(
  context: RequestContext,
  ref: ContainerRef,
  options: ConsoleLogOptions,
): Promise<Buffer> {
  const { read = true, clear = false } = options;
  const target = { name: ref.name, lxcpath: ref.lxcpath };
  const { data } = await withManager(context, "read a console's log", (manager) =>
    manager.request('console-log', { ...target, read, clear }),
  );
  return Buffer.from(data, 'base64');
}

/**
 * The caller's terminal on one of the container's. A tty's master is copied from the manager and
 * relayed here; the console is read by the manager (for its log), which sends us the bytes.
 *
 * @returns how it ended: left by the escape (or a signal), or the container stopped
 * @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, TTY_UNAVAILABLE
 */
export function openConsole(
  context: RequestContext,
  ref: ContainerRef,
  options: ConsoleOptions,
): Promise<'detached' | 'closed'> {
  return withManager(context, 'open a console', async (manager) => {
    const target = { name: ref.name, lxcpath: ref.lxcpath };
    const { tty, fd } = await manager.request('console', { ...target, tty: options.tty ?? -1 });
    const own = await manager.take(fd, { keep: tty > 0 });
    options.onConnected?.(tty);
    const prefix = options.escape === undefined ? DEFAULT_ESCAPE : parseEscape(options.escape);
    const end = await relayTerminal({
      kernel: linuxKernel(),
      input: options.input,
      output: options.output,
      peer: tty > 0 ? own : new Socket({ fd: own, readable: true, writable: true }),
      ...(options.input.isTTY ? { terminal: 0 } : {}),
      escape: new EscapeFilter(prefix),
      alive: () => liveRecord(ref) !== undefined,
      ...(tty > 0
        ? {}
        : { onResize: (size) => void manager.request('resize', { ...target, size }).catch(() => {}) }),
      endOfInput: 'detach',
      signals: process,
    });
    return end === 'closed' ? 'closed' : 'detached';
  });
}
