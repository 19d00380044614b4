/** Files and directories that may be missing, or may be something else. */
import {
  closeSync,
  constants,
  type Dirent,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';

/** Whether there is something at the path; a symbolic link counts, wherever it leads. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * Writes a file of a user's choice in a process that all containers share: a named pipe that no
 * process reads is an error (ENXIO) and not a wait for a reader.
 * @param how `append` to the end, or `replace` the content
 */
export function writeWithoutWaiting(
  file: string,
  text: string,
  how: 'append' | 'replace',
  mode: number,
): void {
  const { O_WRONLY, O_CREAT, O_NONBLOCK, O_NOCTTY, O_APPEND, O_TRUNC } = constants;
  const flags = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | (how === 'append' ? O_APPEND : O_TRUNC);
  const fd = openSync(file, flags, mode);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Names in a directory; none if it cannot be read. */
export function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Names of the directories in a directory; none if it cannot be read. */
export function directoriesIn(directory: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The content of a file; undefined if it cannot be read. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
