import { plainText } from '../../util/plain.ts';
import type { Io } from './io.ts';

/**
 * The same world, whose terminal is shown no control characters but tabs and newlines. Byte streams
 * are as they are.
 */
export function plainIo(io: Io): Io {
  // By hand: streams are made when they are first asked for, and an Io may have private fields.
  return {
    get stdin() {
      return io.stdin;
    },
    get stdout() {
      return io.stdout;
    },
    get stderr() {
      return io.stderr;
    },
    get stdinIsTTY() {
      return io.stdinIsTTY;
    },
    get stdoutIsTTY() {
      return io.stdoutIsTTY;
    },
    get stderrIsTTY() {
      return io.stderrIsTTY;
    },
    get columns() {
      return io.columns;
    },
    get cwd() {
      return io.cwd;
    },
    env: io.env,
    context: io.context,
    uid: io.uid,
    print: (text) => io.print(plainText(text)),
    printError: (text) => io.printError(plainText(text)),
    onInterrupt: (listener) => io.onInterrupt(listener),
  };
}
