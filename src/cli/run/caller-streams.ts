import type { CallerStreams } from '../../api/caller-streams.ts';
import type { ForegroundOptions } from '../../api/options.ts';
import type { Io } from './io.ts';

/**
 * Stands for a stream that is no terminal. The program gets the descriptor itself, so nothing may
 * be done to it here, and making Node's stream object of a pipe does something: it makes the pipe
 * non-blocking, for the program too.
 */
const PIPE: object = { isTTY: false };

/** The caller's streams for a program inside. */
export function callerStreams(io: Io): CallerStreams {
  return {
    stdin: io.stdinIsTTY ? io.stdin : (PIPE as NodeJS.ReadStream),
    stdout: io.stdoutIsTTY ? io.stdout : (PIPE as NodeJS.WriteStream),
    stderr: io.stderrIsTTY ? io.stderr : (PIPE as NodeJS.WriteStream),
  };
}

/**
 * Options of a start in the foreground with the caller's streams. Each stream is made when it is
 * asked for: without a console init has the descriptors themselves, and they must stay as they are.
 */
export function inForeground<Options extends object>(io: Io, options: Options): Options & ForegroundOptions {
  return {
    ...options,
    get input() {
      return io.stdin;
    },
    get output() {
      return io.stdout;
    },
    get errors() {
      return io.stderr;
    },
    terminals: [io.stdinIsTTY, io.stdoutIsTTY, io.stderrIsTTY].flatMap((isTerminal, fd) =>
      isTerminal ? [fd] : [],
    ),
  };
}
