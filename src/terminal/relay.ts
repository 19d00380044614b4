import type { EventEmitter } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Kernel } from '../kernel/kernel.ts';
import type { WindowSize } from '../kernel/structs.ts';
import type { EscapeFilter } from './escape.ts';
import { PtyMaster } from './pty-master.ts';
import { enterRawMode } from './raw-mode.ts';

/**
 * Why a relay ended. `detached`: the user typed the escape sequence. `closed`: the container's end
 * closed. `terminated`: the caller's end closed (a signal, an abort, the user's terminal or the
 * reader of the output went away).
 */
export type RelayEnd = 'detached' | 'closed' | 'terminated';

export interface RelayOptions {
  readonly kernel: Kernel;
  /** The user's input. */
  readonly input: Readable;
  readonly output: Writable;
  /**
   * The container's end: the descriptor of a pty master, which the relay then owns and closes, or a
   * stream to the process that reads the master (the console's), which is destroyed at the end.
   */
  readonly peer: number | Duplex;
  /**
   * Descriptor of the user's terminal. The relay reads the window size from it and puts it into raw
   * mode if `input` is a terminal (`isTTY`). Undefined without a terminal.
   */
  readonly terminal?: number | undefined;
  /**
   * Undefined without an escape sequence: every byte belongs to the container (attach, `tslxc-start
   * -F`).
   */
  readonly escape?: EscapeFilter | undefined;
  /**
   * See PtyMasterOptions, for a master. A tty of a container survives its getty; the terminal of an
   * attached program ends with it.
   */
  readonly alive?: (() => boolean) | undefined;
  /**
   * The effect of the end of an input that is no terminal. `eof` sends the end-of-file character to
   * a master (attach), `ignore` ends that direction only (the default), `detach` ends the relay.
   */
  readonly endOfInput?: 'eof' | 'ignore' | 'detach' | undefined;
  /**
   * Called with the size at the start and at each change. Needed if `peer` is a stream, which has
   * no window size.
   */
  readonly onResize?: ((size: WindowSize) => void) | undefined;
  /** Source of SIGWINCH, SIGTERM and SIGHUP: `process`, or undefined. */
  readonly signals?: EventEmitter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Carries bytes between the user's terminal and a container's, in both directions with
 * back-pressure, until one side ends. The terminal is restored before the promise settles. Rejects
 * only if the relay could not be set up.
 */
export async function relayTerminal(options: RelayOptions): Promise<RelayEnd> {
  const { kernel, input, output, terminal, alive, signals, signal } = options;
  const filter = options.escape;
  const isTerminal = (input as { isTTY?: boolean }).isTTY === true;
  const peer =
    typeof options.peer === 'number' ? new PtyMaster(kernel, options.peer, { alive }) : options.peer;
  const undo: (() => void)[] = [() => peer.destroy()];
  const on = (emitter: EventEmitter, event: string, listener: (...args: never[]) => void) => {
    emitter.on(event, listener as () => void);
    undo.push(() => emitter.off(event, listener as () => void));
  };

  try {
    // Input from a pipe is not typed: the terminal is then used for output only.
    if (terminal !== undefined && isTerminal) undo.push(enterRawMode(kernel, terminal));

    return await new Promise<RelayEnd>((resolve) => {
      const resize = () => {
        if (terminal === undefined) return;
        try {
          const size = kernel.windowSize(terminal);
          if (peer instanceof PtyMaster) peer.resize(size);
          options.onResize?.(size);
        } catch {
          // The user's terminal was closed: its stream reports that as well.
        }
      };
      const terminated = () => resolve('terminated');

      // From the user to the container.
      on(input, 'data', (chunk: Buffer) => {
        const { forward, detach } = filter ? filter.feed(chunk) : { forward: chunk, detach: false };
        if (forward.length > 0 && !peer.write(forward)) input.pause();
        if (detach) resolve('detached');
      });
      on(peer, 'drain', () => input.resume());
      on(input, 'end', () => {
        const held = filter?.end();
        if (held?.length) peer.write(held);
        if (isTerminal || options.endOfInput === 'detach') terminated();
        else if (options.endOfInput === 'eof' && peer instanceof PtyMaster) peer.end();
      });
      on(input, 'error', terminated);

      // From the container to the user.
      on(peer, 'data', (chunk: Buffer) => {
        if (!output.write(chunk)) peer.pause();
      });
      on(output, 'drain', () => peer.resume());
      // The last bytes must reach the user: wait for a full output.
      on(peer, 'end', () => output.write('', () => resolve('closed')));
      on(peer, 'error', () => resolve('closed'));
      on(peer, 'close', () => {
        if (!peer.readableEnded) resolve('closed');
      });
      on(output, 'error', terminated);
      on(output, 'close', terminated);

      if (signals) {
        on(signals, 'SIGWINCH', resize);
        on(signals, 'SIGINT', terminated);
        on(signals, 'SIGTERM', terminated);
        on(signals, 'SIGHUP', terminated);
      }
      if (signal?.aborted) terminated();
      else if (signal) {
        signal.addEventListener('abort', terminated);
        undo.push(() => signal.removeEventListener('abort', terminated));
      }

      resize();
      input.resume();
      peer.resume();
    });
  } finally {
    // A late error (a reset socket) must not end the process when the relay has ended.
    peer.on('error', () => {});
    for (const step of undo.reverse()) step();
    // An open standard input would keep the process running.
    input.pause();
  }
}
