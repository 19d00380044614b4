/** Paths that mean a stream of the process that opens them. */
const PATHS: Readonly<Record<string, 1 | 2>> = {
  '/dev/stdout': 1,
  '/dev/fd/1': 1,
  '/proc/self/fd/1': 1,
  '/dev/stderr': 2,
  '/dev/fd/2': 2,
  '/proc/self/fd/2': 2,
};

/**
 * Says which standard stream a path names. In the manager such a path is the manager's own stream,
 * which the caller of a command never means.
 */
export function standardStream(path: string): 1 | 2 | undefined {
  return Object.hasOwn(PATHS, path) ? PATHS[path] : undefined;
}
