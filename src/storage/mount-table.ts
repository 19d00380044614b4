/** The mounts that this process sees: what of them lies below a directory. */
import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Mount points at or below `path`, in the order mounted. The last component of `path` is not
 * followed.
 */
export function mountsBelow(
  path: string,
  mountinfo: string = readFileSync('/proc/self/mountinfo', 'utf8'),
): string[] {
  const real = realLocation(path);
  const prefix = real === '/' ? '/' : `${real}/`;
  return mountinfo
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => decodeOctal(line.split(' ')[4] ?? ''))
    .filter((point) => point === real || point.startsWith(prefix));
}

/**
 * mountinfo shows real paths; a symlink at the very end is the object itself, not what it points
 * to.
 */
function realLocation(path: string): string {
  if (path === '/') return path;
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    // A missing path has no mounts below it.
    return path;
  }
}

/** Space, tab, newline and backslash are written as octal. */
export function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
