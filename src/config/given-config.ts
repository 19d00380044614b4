/**
 * A config file that a command line names (`-f FILE`): a file, a pipe, `<(...)`, standard input or
 * a descriptor.
 */
import { constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { ReadStream as TerminalStream } from 'node:tty';
import { LARGEST_FILE, readConfigBytes, readFault, tooLarge } from './config-files.ts';
import { ConfigTexts } from './config-texts.ts';

/**
 * What was read of it. Plain data: it crosses sockets, and is kept for as long as the run lasts.
 */
export interface GivenConfig {
  /** As the user named it, absolute: what errors say. */
  readonly file: string;
  /**
   * Where its relative includes start: its own folder, for a pipe or a descriptor the caller's
   * directory.
   */
  readonly folder: string;
  readonly base64: string;
}

/** A descriptor of this process. */
const DESCRIPTOR = /^\/(?:dev\/fd|proc\/(?:self|thread-self|(?<pid>\d+))\/fd)\/(?<fd>\d+)$/;
const STANDARD_INPUT = '/dev/stdin';

/**
 * Reads such a file, once and to its end. Waits for a pipe's writer as cat(1) does; signals end
 * that as always.
 * @param path absolute
 * @param signal ends the waiting
 * @throws TslxcError CONFIG_READ, or the signal's reason
 */
export async function readGivenConfig(
  path: string,
  { cwd = '/', signal }: { readonly cwd?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<GivenConfig> {
  signal?.throwIfAborted();
  const own = ownDescriptor(path);
  try {
    const stat = own === undefined ? statSync(path) : fstatSync(own);
    const bytes = isStream(stat) ? await drain(path, own, signal) : readConfigBytes(path);
    const folder = own === undefined && !/^\/(dev|proc)\//.test(path) ? dirname(path) : cwd;
    return { file: path, folder, base64: bytes.toString('base64') };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // fstat(2) of a closed descriptor: to the user a file that is not there.
    const closed = (error as NodeJS.ErrnoException).code === 'EBADF';
    throw readFault(path, closed ? Object.assign(new Error(), { code: 'ENOENT' }) : error, undefined);
  }
}

/** The texts that stand for it while it is loaded. */
export function textsOf(given: GivenConfig): ConfigTexts {
  return new ConfigTexts().give(given.file, Buffer.from(given.base64, 'base64'), given.folder);
}

function ownDescriptor(path: string): number | undefined {
  if (path === STANDARD_INPUT) return 0;
  const { pid, fd } = DESCRIPTOR.exec(path)?.groups ?? {};
  if (fd === undefined || (pid !== undefined && pid !== String(process.pid))) return undefined;
  return Number(fd);
}

/** A terminal is the only device that is read: `-f /dev/tty` or standard input, up to Ctrl-d. */
function isStream(stat: Stats): boolean {
  const terminal = stat.isCharacterDevice() && (isTerminalMajor(stat.rdev) || stat.rdev === 0x500);
  return stat.isFIFO() || stat.isSocket() || terminal;
}

/** Serial lines and consoles (4), and ptys (136 to 143). */
function isTerminalMajor(rdev: number): boolean {
  const major = (rdev >> 8) & 0xfff;
  return major === 4 || (major >= 136 && major <= 143);
}

/**
 * Reads from the event loop, which signals can interrupt; open(2) of a pipe without a writer would
 * block for ever.
 */
function drain(path: string, own: number | undefined, signal: AbortSignal | undefined): Promise<Buffer> {
  const fd = openStream(path, own);
  return new Promise((resolve, reject) => {
    const stream = fstatSync(fd).isCharacterDevice()
      ? new TerminalStream(fd)
      : new Socket({ fd, readable: true, writable: false });
    const parts: Buffer[] = [];
    let size = 0;
    const abort = () => stream.destroy(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size > LARGEST_FILE) stream.destroy(tooLarge());
    });
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', reject);
    stream.on('close', () => signal?.removeEventListener('abort', abort));
  });
}

/**
 * A description of our own where the kernel gives one (not of a socket): non-blocking is not for
 * others to have.
 */
function openStream(path: string, own: number | undefined): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (own === undefined) throw error;
    return own;
  }
}
