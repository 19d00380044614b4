/**
 * What `lxc.console.path` names: a file that gets what the console prints, or a terminal that shows
 * it and is typed at.
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
  /** Gives the terminal back as it was. */
  close(): void;
}

const TERMINAL_FLAGS = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

/**
 * Why a path can not be the console's other end; undefined for one that can. A file that is not
 * there yet is made.
 */
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

/** @throws TslxcError where it can not be opened; `onError` hears of later trouble */
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
  // A duplex stream, in spite of its name; it never blocks, as a WriteStream of a terminal does.
  const stream = new ReadStream(fd);
  stream.on('error', () => {});
  return {
    output: stream,
    input: stream,
    close() {
      try {
        kernel.setTermios(own, before);
      } catch {
        // Its window was closed.
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
