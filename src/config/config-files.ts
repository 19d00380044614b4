import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Origin } from './setting.ts';

/** Bytes. Far more than any config; keeps an include of a disk image from eating the memory. */
export const LARGEST_FILE = 4 * 1024 * 1024;

const OF_LXC =
  "it comes with the packages lxc and lxc-templates; tslxc's own files are in /usr/share/tslxc/config";

/** What stands in the way of reading, by errno; `ENOTREG` and `EFBIG` are set here. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTREG: 'is not a regular file',
  EFBIG: 'cannot be read (EFBIG): a config has at most 4 MiB',
};

/** What cannot be read: the file itself, or, when it is included, the line that says so. */
export function readFault(
  path: string,
  error: unknown,
  from: Origin | undefined,
  called = 'the included file',
): TslxcError {
  const { code } = error as NodeJS.ErrnoException;
  const what = WORDS[code ?? ''] ?? `cannot be read (${code ?? (error as Error).message})`;
  const hints: Readonly<Record<string, string | undefined>> = {
    ENOENT: path.startsWith('/usr/share/lxc/') ? OF_LXC : undefined,
    ENOTREG: 'a pipe or a device can be given with -f only; put the text into a file',
  };
  return new TslxcError({
    code: 'CONFIG_READ',
    message: from ? `${called} ${path} ${what}` : `${path} ${what}`,
    ...(from ?? { file: path }),
    // ENOTREG is a word of this file, not of the kernel.
    errno: code === 'ENOTREG' ? undefined : code,
    hint: hints[code ?? ''],
    cause: error,
  });
}

/** /dev/null, by number: links to it are common, and it is an empty file for every purpose here. */
const NULL_DEVICE = makedev(1, 3);

function makedev(major: number, minor: number): number {
  return major * 256 + minor;
}

/**
 * The bytes of a config file. Never waits: a named pipe or a device is refused before it is opened,
 * since to open one may block for ever (or start a watchdog).
 * @throws what `node:fs` throws, and errors with the codes ENOTREG and EFBIG
 */
export function readConfigBytes(path: string): Buffer {
  const stat = statSync(path);
  if (stat.isCharacterDevice() && stat.rdev === NULL_DEVICE) return Buffer.alloc(0);
  if (stat.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
  if (!stat.isFile()) throw Object.assign(new Error('it is not a regular file'), { code: 'ENOTREG' });
  // Some files below /proc are regular and wait for something to read all the same.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    return readAll(fd);
  } finally {
    closeSync(fd);
  }
}

/** Reads to the end; the size that a file tells is not to be relied upon. */
function readAll(fd: number): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  const told = fstatSync(fd).size;
  if (told > LARGEST_FILE) throw tooLarge();
  for (;;) {
    const part = Buffer.allocUnsafe(Math.max(4096, told + 1 - size));
    const read = readSync(fd, part);
    if (read === 0) return Buffer.concat(parts);
    size += read;
    if (size > LARGEST_FILE) throw tooLarge();
    parts.push(part.subarray(0, read));
  }
}

export function tooLarge(): Error {
  return Object.assign(new Error('the file is too large'), { code: 'EFBIG' });
}

/**
 * Bytes that are not UTF-8 are kept one by one, so that untouched text is written back
 * unchanged.
 */
export function decodeConfig(bytes: Buffer): { text: string; encoding: 'utf8' | 'latin1' } {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes)
    ? { text, encoding: 'utf8' }
    : { text: bytes.toString('latin1'), encoding: 'latin1' };
}

/**
 * The lines of a config file; `intact` tells that a line is UTF-8, and so the text is what was
 * written.
 */
export function configLines(bytes: Buffer): { text: string; intact: boolean }[] {
  const { text, encoding } = decodeConfig(bytes);
  const lines = text.split('\n');
  if (encoding === 'utf8') return lines.map((line) => ({ text: line, intact: true }));
  return lines.map((line) => {
    const decoded = decodeConfig(Buffer.from(line, 'latin1'));
    return { text: decoded.text, intact: decoded.encoding === 'utf8' };
  });
}

/**
 * The files that an include of `path` means: itself, or the `*.conf` files of the folder that it
 * is. LXC takes these in the order in which the filesystem happens to list them; here the names
 * decide. A missing folder (written with a slash at the end) is no files at all.
 */
export function includedFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat && path.endsWith('/')) return [];
  if (!stat?.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => join(path, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() ?? true);
}
