/**
 * Whether users of the host reach the root filesystem of a container with an id map. Its mount maps
 * the owners, so that on disk root of the container is root of the host: a program that the guest
 * makes set-user-id would be root's for every user who reaches it (CVE-2021-41091, 2021-21284, rule
 * R7). LXC gives the files other owners instead; such a tree is not mapped by its mount.
 */
import { chmodSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { RootfsVolume } from '../../stage/plan.ts';

const SEARCHABLE_BY_OTHERS = 0o001;

/**
 * Trees of the host that hold a root filesystem. What lies on a device or in an image is mounted
 * nowhere else.
 */
export function treesOf(volume: RootfsVolume): readonly string[] {
  if (volume.kind === 'tree') return [volume.path];
  if (volume.kind === 'overlay') return [join(volume.work.directory, volume.upper), ...volume.lowers];
  return [];
}

/**
 * Whether every user may search all directories above `path`, and set-user-id counts there. False
 * where nothing is.
 */
export function isReachable(path: string): boolean {
  try {
    const real = realpathSync(path);
    return (
      above(real).every((directory) => statSync(directory).mode & SEARCHABLE_BY_OTHERS) && !isNosuid(real)
    );
  } catch {
    return false;
  }
}

/**
 * The directories on the way to `path` that may be closed for it, and `path`: none of the host's
 * own top ones.
 */
function above(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...above(parent), path];
}

function isNosuid(path: string): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([, , , , point]) => point && `${path}/`.startsWith(point === '/' ? '/' : `${unescaped(point)}/`),
    );
  // The last of those with the longest path covers the others.
  const longest = Math.max(...mounts.map(([, , , , point]) => point!.length));
  return (
    mounts
      .findLast(([, , , , point]) => point!.length === longest)?.[5]
      ?.split(',')
      .includes('nosuid') ?? false
  );
}

const unescaped = (point: string) =>
  point.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));

/**
 * Closes the container's directory to other users if that is what they come by.
 * @returns whether it was open
 */
export function closeDirectory(directory: string): boolean {
  const { mode } = statSync(directory);
  if (!(mode & 0o007)) return false;
  chmodSync(directory, mode & 0o7770);
  return true;
}

/** @param origin where the config names the tree */
export function exposed(path: string, origin?: { readonly file: string; readonly line: number }): TslxcError {
  return new TslxcError({
    code: 'NOT_PERMITTED',
    message: `every user of this host reaches the root filesystem ${path}: a set-user-id program that root of the container makes there would run as root of the host`,
    ...origin,
    hint: `chmod o-x ${quoted(dirname(path))}`,
  });
}

const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
