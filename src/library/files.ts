/**
 * Files of a running container. They go through programs of the container's own (sh, cat), which
 * see its mounts, ids and limits: a host process that follows a path inside would have to distrust
 * every link on the way.
 */
import type { ContainerRef } from '../container/state/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { runBytes } from './exec.ts';
import type { Cancellable } from './types.ts';

const MAX_FILE = 1024 ** 3;

export async function readFile(ref: ContainerRef, path: string, options: Cancellable): Promise<Buffer> {
  const [code, data, complaint] = await runBytes(ref, ['/bin/sh', '-c', 'cat <"$1"', 'sh', path], {
    ...options,
    maxBuffer: MAX_FILE,
  });
  if (code !== 0) throw failed(ref, path, 'read', complaint);
  return data;
}

export async function writeFile(
  ref: ContainerRef,
  path: string,
  data: string | Uint8Array,
  { mode = 0o644, ...options }: Cancellable & { readonly mode?: number },
): Promise<void> {
  // A new file of the same directory takes the place of the old one, so that a reader sees one of
  // the two whole.
  const script =
    'set -e; umask 077; t=$1.tslxc-$$; trap \'rm -f "$t"\' EXIT; cat >"$t"; chmod "$2" "$t"; mv -f "$t" "$1"';
  const command = ['/bin/sh', '-c', script, 'sh', path, mode.toString(8)];
  const [code, , complaint] = await runBytes(ref, command, { ...options, input: data });
  if (code !== 0) throw failed(ref, path, 'written', complaint);
}

function failed(ref: ContainerRef, path: string, what: string, complaint: Buffer): TslxcError {
  const why = complaint.toString('utf8').trim().split('\n').at(-1) ?? '';
  return new TslxcError({
    code: 'EXEC_FAILED',
    container: ref.name,
    message: `${path} cannot be ${what} in the container: ${why}`,
    ...(/no such file|nonexistent/i.test(why) ? { errno: 'ENOENT' } : {}),
  });
}
