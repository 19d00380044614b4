import type { CallerStreams } from '../../api/caller-streams.ts';
import type { Io } from './io.ts';

/**
 * Stands for a stream that is no terminal. The program gets the descriptor itself, so nothing may be done to it here,
 * and making Node's stream object of a pipe does something: it makes the pipe non-blocking, for the program too.
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
