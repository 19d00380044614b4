import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Origin } from './setting.ts';

/** Far more than any config; keeps an include of a device or a disk image from eating the memory. */
const LARGEST_FILE = 4 * 1024 * 1024;

const OF_LXC =
  "it comes with the packages lxc and lxc-templates; tslxc's own files are in /usr/share/tslxc/config";

/** What can not be read: the file itself, or, when it is included, the line that says so. */
export function readFault(
  path: string,
  error: unknown,
  from: Origin | undefined,
  called = 'the included file',
): TslxcError {
  const { code } = error as NodeJS.ErrnoException;
  const missing = code === 'ENOENT';
  const what = missing ? 'does not exist' : `can not be read (${code ?? (error as Error).message})`;
  return new TslxcError({
    code: 'CONFIG_READ',
    message: from ? `${called} ${path} ${what}` : `${path} ${what}`,
    ...(from ?? { file: path }),
    errno: code,
    hint: missing && path.startsWith('/usr/share/lxc/') ? OF_LXC : undefined,
    cause: error,
  });
}

/** The bytes of a config file. Throws what `node:fs` throws. */
export function readConfigBytes(path: string): Buffer {
  const stat = statSync(path);
  const endless = stat.isCharacterDevice() && path !== '/dev/null' && !path.startsWith('/dev/fd/');
  if (stat.size > LARGEST_FILE || endless) {
    throw Object.assign(new Error('the file is too large'), { code: 'EFBIG' });
  }
  return readFileSync(path);
}

/** Bytes that are not UTF-8 are kept one by one, so that what is not touched is written back as it was. */
export function decodeConfig(bytes: Buffer): { text: string; encoding: 'utf8' | 'latin1' } {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes)
    ? { text, encoding: 'utf8' }
    : { text: bytes.toString('latin1'), encoding: 'latin1' };
}

/** The lines of a config file; `intact` tells that a line is UTF-8, and so the text is what was written. */
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
 * The files that an include of `path` means: itself, or the `*.conf` files of the folder that it is. LXC takes these
 * in the order in which the filesystem happens to list them; here the names decide. A missing folder (written with
 * a slash at the end) is no files at all.
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
