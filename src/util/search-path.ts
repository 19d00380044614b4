/** Where programs without a slash in their name are looked for. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * `path` with the standard directories that it lacks behind it: cron and systemd leave out the sbin
 * ones.
 */
export function completePath(path: string | undefined): string {
  const given = path ? path.split(':') : [];
  const missing = DEFAULT_PATH.split(':').filter((directory) => !given.includes(directory));
  return [...given, ...missing].join(':');
}
