import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';

/** The caller's standard streams. */
export interface CallerStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Which of the caller's streams are terminals, and where a program's terminal is shown. */
export interface CallerTerminal {
  /** Which of 0, 1, 2 are terminals. */
  readonly terminals: readonly number[];
  /** The user's input. A pipe is not read here: the program has its own copy. */
  readonly input: NodeJS.ReadStream | PassThrough;
  readonly screen: NodeJS.WriteStream;
}

/** Undefined without a terminal among the streams. */
export function callerTerminal({ stdin, stdout, stderr }: CallerStreams): CallerTerminal | undefined {
  const terminals = [stdin, stdout, stderr].flatMap((stream, i) => (stream.isTTY ? [i] : []));
  if (terminals.length === 0) return undefined;
  // With output and errors redirected, typed input must still be visible.
  const screen = stdout.isTTY ? stdout : stderr.isTTY ? stderr : new WriteStream(0);
  return { terminals, input: stdin.isTTY ? stdin : new PassThrough(), screen };
}
