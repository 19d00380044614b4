/**
 * The world as a command sees it. A command touches nothing of `process` but through this, so the
 * same code runs in the client, in a manager on a client's behalf, and in tests.
 */

import { fstatSync, writeSync } from 'node:fs';
import { ownContext, type RequestContext } from '../../util/request-context.ts';

export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdinIsTTY: boolean;
  readonly stdoutIsTTY: boolean;
  readonly stderrIsTTY: boolean;
  /** Width of the terminal on stdout, 80 where there is none. */
  readonly columns: number;
  /** On whose behalf the library works. */
  readonly context: RequestContext;
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Effective user id. */
  readonly uid: number;
  /** Writes to stdout at once. Text goes this way; `stdout` is for terminals and byte streams. */
  print(text: string): void;
  /** Writes to stderr at once. */
  printError(text: string): void;
  /**
   * Calls back on SIGINT, SIGTERM and SIGHUP instead of dying of them; gives the way to stop
   * listening.
   */
  onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void;
}

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** How a shell tells the death of a program whose output has no reader. */
export const EXIT_SIGPIPE = 128 + 13;

/**
 * The process's own surroundings. Streams are getters: making `process.stdout` loads Node's
 * terminal and socket code, which costs 2 to 4 ms that most commands never need.
 */
export function processIo(context: RequestContext = ownContext()): Io {
  return {
    context,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    get stdinIsTTY() {
      return isTerminal(0);
    },
    get stdoutIsTTY() {
      return isTerminal(1);
    },
    get stderrIsTTY() {
      return isTerminal(2);
    },
    get columns() {
      return (isTerminal(1) && process.stdout.columns) || 80;
    },
    cwd: context.cwd,
    env: context.env,
    uid: context.credentials.uid,
    print: (text) => writeAll(1, text),
    printError(text) {
      try {
        writeAll(2, text);
      } catch {
        // There is nowhere left to tell of it.
      }
    },
    onInterrupt(listener) {
      for (const signal of INTERRUPTS) process.on(signal, listener);
      return () => {
        for (const signal of INTERRUPTS) process.off(signal, listener);
      };
    },
  };
}

/**
 * Whether a descriptor is open and leads to a terminal: the console and serial lines (4, 5), old
 * and new ptys.
 */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    const major = Math.floor(stat.rdev / 256) & 0xfff;
    if (!stat.isCharacterDevice()) return false;
    return major === 4 || major === 5 || major === 3 || (major >= 136 && major <= 143) || major >= 204;
  } catch {
    return false; // closed
  }
}

/**
 * Writes everything, or ends the process where the reader is gone, as any program in a pipe does.
 */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(EXIT_SIGPIPE);
      if (code === 'EBADF') return;
      if (code !== 'EAGAIN') throw error;
      // A full pipe that another process made non-blocking: wait for its reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
