import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { ConfigDocument } from './config-document.ts';
import { decodeConfig, readConfigBytes, readFault } from './config-files.ts';

/** Mode of a config that is new. */
const NEW_FILE_MODE = 0o644;

/**
 * Reads a config file for editing. Throws CONFIG_READ; also for text that is not UTF-8, as editing
 * could spoil it.
 */
export function readDocument(file: string): ConfigDocument {
  let bytes: Buffer;
  try {
    bytes = readConfigBytes(file);
  } catch (error) {
    throw readFault(file, error, undefined);
  }
  return parseDocument(file, bytes);
}

/** The document that was read from `file`. Throws CONFIG_READ for text that is not UTF-8. */
export function parseDocument(file: string, bytes: Buffer): ConfigDocument {
  const decoded = decodeConfig(bytes);
  if (decoded.encoding === 'utf8') return ConfigDocument.parse(decoded.text);
  const lines = decoded.text.slice(0, decoded.text.search(/[^\0-\x7f]/)).split('\n').length;
  const message = `${file} is not UTF-8`;
  throw new TslxcError({ code: 'CONFIG_READ', message, file, line: lines, hint: 'save it as UTF-8' });
}

/**
 * Writes a document: to a new file beside the old one, which it then replaces. At any failure
 * there is either the whole old file or the whole new one. A link stays, and the file that it
 * points to is replaced. Throws CONFIG_WRITE or DISK_FULL.
 */
export function saveDocument(file: string, document: ConfigDocument): void {
  let fresh: string | undefined;
  try {
    const real = realTarget(file);
    const old = statSync(real, { throwIfNoEntry: false });
    removeStale(real);
    fresh = join(dirname(real), `.${basename(real)}.${randomBytes(6).toString('hex')}.new`);
    writeFresh(fresh, document.toString(), old);
    renameSync(fresh, real);
    fresh = undefined;
    syncFolder(dirname(real));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new TslxcError({
      code: full ? 'DISK_FULL' : 'CONFIG_WRITE',
      message: `${file} cannot be written (${code}); it is as it was`,
      file,
      errno: code,
      hint: full ? 'make room on that filesystem and try again' : undefined,
      cause: error,
    });
  } finally {
    if (fresh !== undefined) rmSync(fresh, { force: true });
  }
}

/** No save takes this long. */
const STALE_MS = 60_000;

/** What saves of the same file left that were killed. */
function removeStale(real: string): void {
  const folder = dirname(real);
  const left = readdirSync(folder).filter(
    (name) => name.startsWith(`.${basename(real)}.`) && /\.[0-9a-f]{12}\.new$/.test(name),
  );
  for (const name of left) {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stat?.isFile() && Date.now() - stat.mtimeMs > STALE_MS) rmSync(join(folder, name), { force: true });
  }
}

function realTarget(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return file;
    throw error;
  }
}

/**
 * O_EXCL: never through a file or link that another process has put there. Mode and owner are those
 * of the old file.
 */
function writeFresh(path: string, text: string, old: Stats | undefined): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    const { uid, gid } = statSync(path);
    if (old && (old.uid !== uid || old.gid !== gid)) fchownSync(fd, old.uid, old.gid);
    // After chown, which takes set-id bits away.
    fchmodSync(fd, old ? old.mode & 0o7777 : NEW_FILE_MODE);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the rename itself last through a crash. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
