import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';

/** The caller's standard streams. */
export interface CallerStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** What of the caller's streams is a terminal, and how a program's terminal is shown there. */
export interface CallerTerminal {
  /** Which of 0, 1, 2 are terminals. */
  readonly terminals: readonly number[];
  /** What the user types. A pipe is not read: the program has it itself. */
  readonly input: NodeJS.ReadStream | PassThrough;
  readonly screen: NodeJS.WriteStream;
}

/** Undefined where none of them is a terminal. */
export function callerTerminal({ stdin, stdout, stderr }: CallerStreams): CallerTerminal | undefined {
  const terminals = [stdin, stdout, stderr].flatMap((stream, i) => (stream.isTTY ? [i] : []));
  if (terminals.length === 0) return undefined;
  // Where output and errors go elsewhere, what is typed is still to be seen.
  const screen = stdout.isTTY ? stdout : stderr.isTTY ? stderr : new WriteStream(0);
  return { terminals, input: stdin.isTTY ? stdin : new PassThrough(), screen };
}
