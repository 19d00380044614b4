import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { type CopyProgress, watchProgress } from './copy-progress.ts';
import { diskFull, tellsOfFullDisk } from './disk-full.ts';
import { runTool } from './run-tool.ts';
import { subvolumesBelow } from './subvolumes.ts';

/** How the caller hears of a long copy, and ends it. */
export interface CopyReports {
  readonly signal?: AbortSignal | undefined;
  onNotice?: ((text: string) => void) | undefined;
  onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/**
 * GNU cp's way of a faithful copy. `-a` keeps owners, modes and ACLs, times, hard links, symlinks,
 * device nodes and FIFOs; asking for xattrs by name on top of it makes their loss an error (`-a`
 * alone passes over it in silence), and security.capability is one of them. Holes stay holes.
 * Extents are shared where the filesystem can. Not copied are the inode flags of chattr(1).
 */
export const FAITHFULLY = [
  '-a',
  '--preserve=mode,ownership,timestamps,links,xattr',
  '--reflink=auto',
  '--sparse=auto',
  '--one-file-system',
  '--no-target-directory',
] as const;

/**
 * Copies the directory `from` to `to`, which is made; its parent exists. Symlinks are copied, never
 * followed, so a hostile tree cannot redirect the copy as long as no process runs in it. Sockets
 * are left out: a stopped container has no listeners. After a failure, the caller removes the
 * incomplete copy.
 *
 * @throws TslxcError DISK_FULL, STORAGE, TOOL_MISSING; or the signal's reason
 */
export async function copyTree(from: string, to: string, reports: CopyReports = {}): Promise<void> {
  if (!lstatSync(from).isDirectory()) {
    throw new TslxcError({ code: 'STORAGE', message: `${from} is not a directory`, errno: 'ENOTDIR' });
  }
  const args = [...FAITHFULLY, '--', from, to];
  await runCopy({ tool: 'cp', args, package: 'coreutils', from, to, reports });
  // To cp they are other filesystems, of which it makes the empty directory.
  for (const name of await subvolumesBelow(from)) {
    const [inner, copy] = [join(from, name), join(to, name)];
    const nested = [...FAITHFULLY, '--', inner, copy];
    await runCopy({ tool: 'cp', args: nested, package: 'coreutils', from: inner, to: copy, reports });
  }
}

export interface CopyRun {
  readonly tool: string;
  readonly args: readonly string[];
  readonly package: string;
  readonly from: string;
  readonly to: string;
  readonly reports: CopyReports;
}

/** Runs what copies a tree, tells of its progress and makes errors of its words. */
export async function runCopy({ tool, args, package: from, to, reports, ...run }: CopyRun): Promise<void> {
  const { signal, onProgress } = reports;
  let stopWatching = () => {};
  const { code, complaints } = await runTool({
    tool,
    args,
    package: from,
    signal,
    ...(onProgress
      ? {
          onStart(pid: number) {
            stopWatching = watchProgress(pid, onProgress);
          },
        }
      : {}),
  }).finally(() => stopWatching());
  if (code === 0) return await dropSockets(run.from, to, reports);
  const words = complaints.join('\n');
  if (tellsOfFullDisk(words)) throw diskFull(to, '', words);
  if (/(unrecognized|invalid) option/.test(words)) {
    throw new TslxcError({
      code: 'TOOL_MISSING',
      message: 'the cp of this host cannot copy faithfully',
      hint: 'the GNU one is in the package coreutils',
      cause: words,
    });
  }
  throw new TslxcError({
    code: 'STORAGE',
    message: `copying ${run.from} to ${to} failed: ${complaints[0] ?? `${tool} ended with status ${code}`}`,
    cause: words,
  });
}

/** cp makes a socket file of the same name, which would look as if it had a listener. */
async function dropSockets(from: string, to: string, { signal, onNotice }: CopyReports): Promise<void> {
  const chunks: Uint8Array[] = [];
  await runTool({
    tool: 'find',
    // A name may have a newline in it, but no NUL.
    args: [to, '-xdev', '-type', 's', '-delete', '-printf', '/%P\\0'],
    package: 'findutils',
    signal,
    onChunk: (chunk) => chunks.push(chunk),
  });
  const sockets = Buffer.concat(chunks).toString().split('\0').slice(0, -1);
  if (sockets.length === 0) return;
  // Their directories have the times of the original again.
  for (const directory of new Set(sockets.map((path) => dirname(path))))
    await runTool({
      tool: 'touch',
      args: ['-h', '-r', join(from, directory), '--', join(to, directory)],
      package: 'coreutils',
      signal,
    });
  const some = sockets.slice(0, 3).join(', ');
  const more = sockets.length > 3 ? ` and ${sockets.length - 3} more` : '';
  onNotice?.(`sockets are not copied: ${some}${more}`);
}

/** Bytes that the files of a tree take, as du(1) counts them; 0 where it cannot. */
export async function bytesBelow(path: string): Promise<number> {
  let last = '';
  await runTool({
    tool: 'du',
    args: ['-sx', '--block-size=1', '--', path],
    package: 'coreutils',
    onOutput(line) {
      last = line;
    },
  });
  return Number.parseInt(last, 10) || 0;
}
