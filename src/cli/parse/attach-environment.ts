/** The environment of an attached program, by LXC's rules, up to what its config and -v add. */

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvironmentChoice {
  /** Start from nothing instead of the caller's. */
  readonly clear: boolean;
  /** Names to keep all the same. */
  readonly keep: readonly string[];
}

export function attachEnvironment(caller: Readonly<NodeJS.ProcessEnv>, choice: EnvironmentChoice): string[] {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(caller))
    if (value !== undefined && (!choice.clear || choice.keep.includes(name))) variables.set(name, value);
  variables.set(
    'PATH',
    choice.clear && variables.has('PATH') ? variables.get('PATH')! : completed(variables.get('PATH')),
  );
  variables.set('container', 'lxc');
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/**
 * The caller's PATH is the host's, and a short one (cron has /usr/bin:/bin) hides the container's /sbin. What is in
 * it keeps its order; what it lacks comes after.
 */
function completed(path: string | undefined): string {
  if (!path) return DEFAULT_PATH;
  const folders = path.split(':');
  return [...folders, ...DEFAULT_PATH.split(':').filter((folder) => !folders.includes(folder))].join(':');
}
