import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Where the shipped files are once tslxc is installed; configs name them by this path on every
 * machine.
 */
export const INSTALLED_SHARE = '/usr/share/tslxc';

/** The package's own folder: the nearest one above this file that has the shipped config in it. */
export function packageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'config', 'common.conf'))) return folder;
    if (folder === dirname(folder)) return INSTALLED_SHARE;
  }
}

/**
 * The file that an `lxc.include` means. A relative path starts at the folder of the including file:
 * the manager has no meaningful working directory.
 * @param shareDir what stands for {@link INSTALLED_SHARE} on a machine that does not have it
 */
export function resolveInclude(path: string, fromFolder: string, shareDir: string): string {
  const absolute = resolve(fromFolder, path);
  const isShared = absolute === INSTALLED_SHARE || absolute.startsWith(`${INSTALLED_SHARE}/`);
  if (!isShared || existsSync(INSTALLED_SHARE)) return absolute;
  return join(shareDir, absolute.slice(INSTALLED_SHARE.length));
}
