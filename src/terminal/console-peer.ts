/**
 * The target of `lxc.console.path`: a file that gets the console's output, or a terminal that shows
 * the console and is typed at.
 */
import { closeSync, constants, openSync, statSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { type TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { ConsoleClientStreams } from './console-client.ts';
import { ConsoleLog } from './console-log.ts';
import { makeRaw } from './raw-mode.ts';

export interface ConsolePeer extends ConsoleClientStreams {
  /** Restores the terminal and closes it. */
  close(): void;
}

const TERMINAL_FLAGS = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

/** Says why a path cannot be the target; undefined if it can. A missing file is created. */
export function peerFault(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() || stat.isCharacterDevice() ? undefined : 'it is neither a file nor a terminal';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return `${code}`;
    const folder = path.slice(0, path.lastIndexOf('/')) || '/';
    return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? undefined : `there is no ${folder}`;
  }
}

/**
 * @param onError called for failures after the target was opened
 * @throws TslxcError if the target cannot be opened
 */
export function openConsolePeer(
  kernel: Kernel,
  path: string,
  onError: (error: TslxcError) => void,
): ConsolePeer {
  return statSync(path, { throwIfNoEntry: false })?.isCharacterDevice()
    ? openDevice(kernel, path, onError)
    : filePeer(new ConsoleLog({ path, onError }));
}

function openDevice(kernel: Kernel, path: string, onError: (error: TslxcError) => void): ConsolePeer {
  let fd: number;
  try {
    fd = openSync(path, TERMINAL_FLAGS);
  } catch (error) {
    throw toTslxcError(error, 'CONFIG_VALUE', { message: `console ${path}` });
  }
  if (!isatty(fd)) {
    closeSync(fd);
    return filePeer(new ConsoleLog({ path, onError }));
  }
  const before = kernel.getTermios(fd);
  kernel.setTermios(fd, makeRaw(before));
  const own = kernel.dup(fd);
  kernel.setCloexec(own, true);
  // A tty.ReadStream is a duplex stream in spite of its name, and it does not block as a
  // tty.WriteStream does.
  const stream = new ReadStream(fd);
  stream.on('error', () => {});
  return {
    output: stream,
    input: stream,
    close() {
      try {
        kernel.setTermios(own, before);
      } catch {
        // The terminal's window was closed.
      }
      closeSync(own);
      stream.destroy();
    },
  };
}

function filePeer(log: ConsoleLog): ConsolePeer {
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.append(chunk);
      done();
    },
  });
  return { output, close: () => log.close() };
}
