/** Where programs without a slash in their name are searched. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Returns `path` followed by the standard directories that it lacks: cron and systemd leave out the
 * sbin directories.
 */
export function completePath(path: string | undefined): string {
  const given = path ? path.split(':') : [];
  const missing = DEFAULT_PATH.split(':').filter((directory) => !given.includes(directory));
  return [...given, ...missing].join(':');
}
