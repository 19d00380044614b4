/**
 * Commands in hints, as they can be pasted into a shell: with the container directory that was
 * asked for, and names quoted.
 */

/** Those that look for containers in a directory; the others take no -P, or need none. */
const COMMANDS =
  /(?<=^|[\s'`(])(?:lxc|tslxc)-(?:attach|cgroup|config check|console|copy|create|destroy|device|execute|export|freeze|import|info|logs|ls|monitor|snapshot|start|stop|top|unfreeze|wait)(?![\w-])(?! -P)(?! ?--?(?:help|h|l)\b)/g;

/** A word for a POSIX shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * @param lxcpath the container directory, where it is not the one that a command takes by itself
 * @param name the container that the hint is about
 */
export function pasteable(hint: string, lxcpath: string | undefined, name?: string): string {
  let text = hint;
  if (name !== undefined && shellWord(name) !== name)
    text = text.replaceAll(`-n ${name}`, `-n ${shellWord(name)}`);
  return lxcpath === undefined
    ? text
    : text.replace(COMMANDS, (command) => `${command} -P ${shellWord(lxcpath)}`);
}
