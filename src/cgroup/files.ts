/**
 * Reading and writing cgroup files. They are the host's own (never a guest's copy), so paths are
 * safe here.
 */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { words } from './layout.ts';

/**
 * The text without the newline at its end; undefined when there is no such file, or it cannot be
 * read.
 */
export function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}

/** A single write(2), without O_CREAT: a missing file is ENOENT and not an attempt to make one. */
export function writeFile(path: string, value: string): void {
  // An empty string would be no write at all; the newline clears a cpuset.
  writeFileSync(path, value === '' ? '\n' : value, { flag: constants.O_WRONLY as unknown as string });
}

/**
 * Several values into one file, each by a write(2) of its own, but opened once.
 * @param refused told of a value that the kernel refused, and why; may throw
 */
export function writeEach(
  path: string,
  values: readonly string[],
  refused: (index: number, error: unknown) => void,
): void {
  if (values.length === 0) return;
  const fd = openSync(path, constants.O_WRONLY);
  try {
    for (const [index, value] of values.entries())
      try {
        writeSync(fd, value);
      } catch (error) {
        refused(index, error);
      }
  } finally {
    closeSync(fd);
  }
}

/** Like writeFile, for what may fail without harm; says whether it was done. */
export function tryWrite(path: string, value: string): boolean {
  try {
    writeFile(path, value);
    return true;
  } catch {
    return false;
  }
}

export const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** `name value` lines, as in cpu.stat and memory.events. */
export function readCounters(path: string): Map<string, bigint> {
  const counters = new Map<string, bigint>();
  for (const line of readFile(path)?.split('\n') ?? []) {
    const match = /^(\S+) (\d+)$/.exec(line);
    if (match) counters.set(match[1]!, BigInt(match[2]!));
  }
  return counters;
}

export function readNumber(path: string): bigint | undefined {
  const text = readFile(path);
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

export function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The cgroups below one, by name. */
export function children(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Processes of one cgroup. 0 stands for one that our pid namespace does not see. */
export function pidsIn(directory: string): number[] {
  return words(readFile(`${directory}/cgroup.procs`) ?? '').map(Number);
}

/** `312 (bash)`, for messages. */
export function describeProcess(pid: number): string {
  return `${pid} (${readFile(`/proc/${pid}/comm`) ?? 'gone'})`;
}
