import { TslxcError } from '../errors/tslxc-error.ts';

/**
 * A name becomes a folder, a cgroup (`lxc.payload.NAME`), a socket's folder below /run and the host
 * name. The tightest of their limits is that of the host name (64 bytes); a leading dot hides the
 * folder, a leading dash reads as an option, and a colon parts the folders in the options of an
 * overlay mount.
 */
const LONGEST_NAME = 64;
const STRAY = /[^A-Za-z0-9._@+-]/u;
const ALLOWED = `letters, digits and . _ - @ + are allowed, at most ${LONGEST_NAME}, the first a letter or digit or _`;

function fault(name: string): string | undefined {
  if (name === '') return 'the name of a container cannot be empty';
  const stray = STRAY.exec(name);
  const shown = JSON.stringify(name.length > LONGEST_NAME ? `${name.slice(0, 40)}…` : name);
  if (stray) return `${shown} is no name for a container: it has ${JSON.stringify(stray[0])} in it`;
  if (!/^[A-Za-z0-9_]/.test(name))
    return `${shown} is no name for a container: it starts with "${name.charAt(0)}"`;
  if (name.length > LONGEST_NAME)
    return `${shown} is no name for a container: it has ${name.length} characters`;
  return undefined;
}

/**
 * Throws NAME_INVALID, which names the fault and the allowed characters, unless a container can
 * have this name.
 */
export function checkName(name: string): void {
  const message = fault(name);
  if (message !== undefined) throw new TslxcError({ code: 'NAME_INVALID', message, hint: ALLOWED });
}

/** Whether a container can have this name. */
export function isContainerName(name: string): boolean {
  return fault(name) === undefined;
}

/** Longest name of a folder on Linux, in bytes. */
const NAME_MAX = 255;

/**
 * Whether something may be called so already: any name that a folder can have. LXC runs such
 * containers, and who has one must be able to list, stop, rename and destroy it. New ones get names
 * by {@link checkName}.
 */
export function isUsableName(name: string): boolean {
  return (
    name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && Buffer.byteLength(name) <= NAME_MAX
  );
}

/** Throws NAME_INVALID for what can be no name of a container that exists. */
export function checkUsableName(name: string): void {
  if (isUsableName(name)) return;
  const message =
    fault(name) ?? `${JSON.stringify(`${name.slice(0, 40)}…`)} is no name for a container: it is too long`;
  throw new TslxcError({ code: 'NAME_INVALID', message, hint: ALLOWED });
}
