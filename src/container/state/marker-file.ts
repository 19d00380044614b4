/**
 * Small JSON files in a container's directory that say what an interrupted command was doing. They
 * name paths to be removed, so a marker that another user could have written is not believed.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const LARGEST = 64 * 1024;

/**
 * Writes a marker; EEXIST when there is one already. Of one that does not fit on the disk nothing
 * stays.
 */
export function writeMarker(file: string, content: object): void {
  try {
    writeFileSync(file, `${JSON.stringify(content)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(file, { force: true });
    throw error;
  }
}

/** What a marker says: undefined when there is none, `{}` when it is not ours or not readable. */
export function readMarker<T extends object>(file: string): Partial<T> | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : {};
  }
  try {
    const stat = fstatSync(fd);
    const ours = stat.isFile() && stat.uid === process.geteuid!() && (stat.mode & 0o022) === 0;
    if (!ours || stat.size > LARGEST) return {};
    const content: unknown = JSON.parse(readFileSync(fd, 'utf8'));
    return typeof content === 'object' && content !== null ? (content as Partial<T>) : {};
  } catch {
    // LXC's own marker of the same name is empty.
    return {};
  } finally {
    closeSync(fd);
  }
}
