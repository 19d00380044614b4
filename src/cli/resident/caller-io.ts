/** A caller's surroundings as a command sees them: the counterpart of `processIo` in the resident process. */

import { Writable } from 'node:stream';
import type { Kernel } from '../../kernel/kernel.ts';
import type { RequestContext } from '../../util/request-context.ts';
import { EXIT_SIGPIPE, type Io, isTerminal } from '../run/io.ts';
import type { Caller } from './caller.ts';
import { Output } from './output.ts';

/** Where bin/tslxc has copies of its 0, 1 and 2 for us: a shell moves those about. */
const STDIN = 6;
const STDOUT = 7;
const STDERR = 8;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type CallerSignal = (typeof SIGNALS)[number];

export function isCallerSignal(name: string): name is CallerSignal {
  return (SIGNALS as readonly string[]).includes(name);
}

export class CallerIo implements Io {
  readonly stdinIsTTY: boolean;
  readonly env: Io['env'];
  readonly cwd: string;
  readonly context: RequestContext;
  readonly uid: number;
  readonly #kernel: Kernel;
  readonly #out: Output;
  readonly #error: Output;
  readonly #listeners = new Set<(signal: NodeJS.Signals) => void>();
  /** Nobody is there any more: with what exit status the command counts as ended. */
  onBroken: (status: number) => void = () => {};

  /** Throws where the caller's output is of a kind that only the caller can write to; nothing of it is kept then. */
  constructor(kernel: Kernel, caller: Caller, signal: AbortSignal) {
    const copy = (fd: number) => kernel.pidfdGetfd(caller.pidfd, fd);
    this.#kernel = kernel;
    const stdin = copy(STDIN);
    this.stdinIsTTY = isTerminal(stdin);
    kernel.close(stdin);
    this.#out = new Output(kernel, copy(STDOUT));
    try {
      this.#error = new Output(kernel, copy(STDERR));
    } catch (error) {
      this.#out.close();
      throw error;
    }
    for (const output of [this.#out, this.#error]) output.onBroken = () => this.onBroken(EXIT_SIGPIPE);
    this.env = caller.env;
    this.cwd = caller.cwd;
    this.uid = process.geteuid!();
    this.context = {
      pid: caller.pid,
      // The caller has the ids and the umask of this process, or would do the command itself: see readCaller.
      credentials: { uid: this.uid, gid: process.getegid!() },
      umask: process.umask(),
      cwd: caller.cwd,
      env: caller.env,
      inherited: [],
      streams: [-1, this.#out.fd, this.#error.fd],
      signal,
      mayStartManager: false,
    };
  }

  get stdin(): never {
    throw new Error('a command in the resident process reads no standard input');
  }
  get stdout(): NodeJS.WriteStream {
    return streamTo(this.#out, this.columns);
  }
  get stderr(): NodeJS.WriteStream {
    return streamTo(this.#error, this.columns);
  }
  get stdoutIsTTY(): boolean {
    return this.#out.isTTY;
  }
  get stderrIsTTY(): boolean {
    return this.#error.isTTY;
  }
  get columns(): number {
    return (this.#out.isTTY && this.#kernel.windowSize(this.#out.fd).columns) || 80;
  }

  print(text: string): void {
    this.#out.write(Buffer.from(text));
  }

  printError(text: string): void {
    try {
      this.#error.write(Buffer.from(text));
    } catch {
      // There is nowhere left to tell of it.
    }
  }

  onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whether the command hears of it; otherwise it is as if it died of it. */
  interrupt(signal: CallerSignal): boolean {
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener(signal);
    return listeners.length > 0;
  }

  async flushed(): Promise<void> {
    await Promise.all([this.#out.flushed(), this.#error.flushed()]);
  }

  close(): void {
    this.#out.close();
    this.#error.close();
  }
}

function streamTo(output: Output, columns: number): NodeJS.WriteStream {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      try {
        output.write(Buffer.from(chunk));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return Object.assign(stream, { isTTY: output.isTTY, columns, fd: output.fd }) as never;
}
