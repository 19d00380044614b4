import { closeSync, constants, openSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { children, errnoOf } from './files.ts';

/**
 * Paths longer than this are continued from a descriptor: a guest may nest cgroups deeper than a
 * path can say (PATH_MAX), and still has to go.
 */
const LONG = 2000;

interface Level {
  readonly path: string;
  /** What children are addressed by: the path, or /proc/self/fd/N. */
  readonly base: string;
  readonly fd: number | undefined;
  readonly open: string[];
}

function enter(path: string): Level {
  let fd: number | undefined;
  if (path.length > LONG) fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const base = fd === undefined ? path : `/proc/self/fd/${fd}`;
  return { path, base, fd, open: children(base) };
}

/**
 * Visits a cgroup and all below it, children before parents. What vanishes meanwhile is passed
 * over.
 */
export function bottomUp(directory: string, visit: (path: string) => void): void {
  const stack: Level[] = [enter(directory)];
  try {
    for (let level = stack.at(-1); level; level = stack.at(-1)) {
      const child = level.open.pop();
      if (child !== undefined) {
        try {
          stack.push(enter(join(level.base, child)));
        } catch {
          // Gone since it was listed.
        }
        continue;
      }
      stack.pop();
      if (level.fd !== undefined) closeSync(level.fd);
      visit(level.path);
    }
  } finally {
    for (const { fd } of stack) if (fd !== undefined) closeSync(fd);
  }
}

/** Removes what can be removed of a subtree; true when nothing is left of it. */
export function removeSubtree(directory: string): boolean {
  let gone = true;
  bottomUp(directory, (path) => {
    try {
      rmdirSync(path);
      gone = true;
    } catch (error) {
      gone = errnoOf(error) === 'ENOENT';
    }
  });
  return gone;
}
