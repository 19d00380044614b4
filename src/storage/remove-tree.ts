import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import { mountsBelow } from './mount-table.ts';
import { runTool } from './run-tool.ts';
import { deleteSubvolumes, isOnBtrfs } from './subvolumes.ts';

/** A copy whose maker was killed may still add files for a moment. */
const TRIES = 3;

/**
 * Refuses if there is a mount at or below `path`: the removal would delete files of another
 * filesystem.
 */
export function refuseMounts(path: string): void {
  const [first, ...more] = mountsBelow(path);
  if (first === undefined) return;
  throw new TslxcError({
    code: 'STORAGE',
    message: `${first} is a mount point${more.length > 0 ? `, and ${more.length} more below ${path}` : ''}`,
    errno: 'EBUSY',
    hint: `unmount it first: umount -R ${first}`,
  });
}

/**
 * Removes a tree that may be hostile: symlinks are removed, not followed, and nothing on another
 * device or behind a mount (a bind mount of the host's own filesystem is on the same device) is
 * touched. Immutable files are made mutable. A missing tree is no error. Callers rename a tree
 * before they remove it, so that no process mounts into it by its well-known name between the check
 * and the removal.
 *
 * @throws TslxcError STORAGE
 */
export async function removeTree(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) return unlinkSync(path);
  refuseMounts(path);
  // rm takes subvolumes for other devices.
  if (isOnBtrfs(path)) await deleteSubvolumes(path);
  if (!existsSync(path)) return;
  let complaint = '';
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const { code, complaints } = await runTool({
      tool: 'rm',
      args: ['-rf', '--one-file-system', '--', path],
      package: 'coreutils',
    });
    if (code === 0 && !existsSync(path)) return;
    complaint = complaints[0] ?? `rm ended with status ${code}`;
    if (complaints.some((line) => line.includes('Operation not permitted'))) await makeMutable(path);
  }
  throw new TslxcError({ code: 'STORAGE', message: `${path} could not be removed: ${complaint}` });
}

/** chattr -R passes over symlinks; that nothing is mounted below was checked above. */
async function makeMutable(path: string): Promise<void> {
  await runTool({ tool: 'chattr', args: ['-R', '-f', '-i', '-a', '--', path], package: 'e2fsprogs' });
}
