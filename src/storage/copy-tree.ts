import { lstatSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from './disk-full.ts';
import { runTool } from './run-tool.ts';

/**
 * GNU cp's way of a faithful copy. `-a` keeps owners, modes and ACLs, times, hard links, symlinks, device nodes and
 * FIFOs; asking for xattrs by name on top of it makes their loss an error (`-a` alone passes over it in silence), and
 * security.capability is one of them. Holes stay holes. Extents are shared where the filesystem can.
 *
 * Sockets: cp makes a socket file of the same name, which nobody listens on, as nobody does on the original of a
 * stopped container. Not copied are the inode flags of chattr(1).
 */
const FAITHFULLY = [
  '-a',
  '--preserve=mode,ownership,timestamps,links,xattr',
  '--reflink=auto',
  '--sparse=auto',
  '--one-file-system',
  '--no-target-directory',
] as const;

/**
 * Copies the directory `from` to `to` (which is made; its parent exists). Symlinks are copied, never followed, so a
 * hostile tree can not make it read or write elsewhere as long as nothing runs in it. What was copied until a failure
 * stays for the caller to remove.
 *
 * @throws TslxcError DISK_FULL, STORAGE, TOOL_MISSING; or the signal's reason
 */
export async function copyTree(from: string, to: string, signal?: AbortSignal): Promise<void> {
  if (!lstatSync(from).isDirectory()) {
    throw new TslxcError({ code: 'STORAGE', message: `${from} is not a directory`, errno: 'ENOTDIR' });
  }
  const { code, complaints } = await runTool({
    tool: 'cp',
    args: [...FAITHFULLY, '--', from, to],
    package: 'coreutils',
    signal,
  });
  if (code === 0) return;
  const words = complaints.join('\n');
  if (tellsOfFullDisk(words)) throw diskFull(to, '', words);
  if (/(unrecognized|invalid) option/.test(words)) {
    throw new TslxcError({
      code: 'TOOL_MISSING',
      message: 'the cp of this host can not copy faithfully',
      hint: 'the GNU one is in the package coreutils',
      cause: words,
    });
  }
  throw new TslxcError({
    code: 'STORAGE',
    message: `copying ${from} to ${to} failed: ${complaints[0] ?? `cp ended with status ${code}`}`,
    cause: words,
  });
}
