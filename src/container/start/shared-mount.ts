/**
 * The host's end of `shmounts:HOST[:CONT]`: a small tmpfs that is a shared mount. A mount
 * below it later reaches the containers that have it, which is how LXC's users hand mounts into a
 * running container.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { MNT_DETACH, MS } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { makeDirectories } from '../../util/make-directories.ts';
import type { SharedMount } from '../plan/mount-plan.ts';

/** What the mount table calls ours: another's is never unmounted. */
const SOURCE = 'tslxc-shmounts';
const TMPFS = 'size=100k,mode=0711';

/**
 * Makes the mount, unless there is a shared mount at the place already.
 * @param claim called with the real path before the mount is made
 * @throws TslxcError MOUNT_FAILED
 */
export function makeSharedMount(
  kernel: Kernel,
  claim: (path: string) => void,
  { path: given, origin }: SharedMount,
): void {
  try {
    makeDirectories(given, 0o711);
    const path = realpathSync(given);
    if (mountAt(path)?.shared) return;
    claim(path);
    kernel.mount(SOURCE, path, 'tmpfs', MS.NOSUID | MS.NODEV, TMPFS);
    kernel.mount('', path, '', MS.SHARED, '');
  } catch (error) {
    const { errno } = toTslxcError(error, 'MOUNT_FAILED');
    throw new TslxcError({
      code: 'MOUNT_FAILED',
      message: `lxc.mount.auto: cannot make the shared mount ${given}${errno ? `: ${errno}` : ''}`,
      step: 'shmounts',
      ...origin,
      cause: error,
    });
  }
}

export function removeSharedMount(kernel: Kernel, path: string): void {
  if (mountAt(path)?.source === SOURCE) kernel.umount(path, MNT_DETACH);
}

/** The uppermost mount at a path; undefined where there is none. */
function mountAt(path: string): { readonly source: string; readonly shared: boolean } | undefined {
  const escaped = path.replace(/[\\ \t\n]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[4] === escaped)
    .map((fields) => ({
      source: fields[fields.indexOf('-') + 2] ?? '',
      shared: fields.slice(6, fields.indexOf('-')).some((field) => field.startsWith('shared:')),
    }))
    .at(-1);
}
