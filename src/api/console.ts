import { Socket } from 'node:net';
import type { ContainerRef } from '../container/state/paths.ts';
import { liveRecord } from '../container/state/runtime-record.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { DEFAULT_ESCAPE, EscapeFilter, parseEscape } from '../terminal/escape.ts';
import { relayTerminal } from '../terminal/relay.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { ConsoleLogOptions, ConsoleOptions } from './options.ts';

/** The console's last output. @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, TTY_UNAVAILABLE */
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
 * Connects the caller's terminal with a terminal of the container. For a tty, this process gets a
 * copy of the master and relays by itself; for the console, the manager reads the master (for the
 * log) and sends the bytes.
 *
 * @returns how the session ended: by the escape sequence (or a signal), or because the container
 *   stopped
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
