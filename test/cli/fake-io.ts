/** A world for commands under test: what they print is kept, nothing is a terminal unless said. */

import type { Io } from '../../src/cli/run/io.ts';
import { ownContext } from '../../src/util/request-context.ts';

export interface FakeIo extends Io {
  readonly out: () => string;
  readonly err: () => string;
}

export function fakeIo(more: Partial<Io> = {}): FakeIo {
  let out = '';
  let err = '';
  const env = { PATH: '/usr/bin:/bin', HOME: '/root' };
  return {
    stdin: {} as NodeJS.ReadStream,
    stdout: {} as NodeJS.WriteStream,
    stderr: {} as NodeJS.WriteStream,
    stdinIsTTY: false,
    stdoutIsTTY: false,
    stderrIsTTY: false,
    columns: 80,
    context: { ...ownContext(), cwd: '/here', env },
    cwd: '/here',
    env,
    uid: 0,
    print(text) {
      out += text;
    },
    printError(text) {
      err += text;
    },
    onInterrupt: () => () => {},
    ...more,
    out: () => out,
    err: () => err,
  };
}
