import type { TslxcError } from '../../errors/tslxc-error.ts';

/** The shells' exit codes for a program that is not there and one that cannot be run. */
export function execFailure({ code, errno }: TslxcError): number | undefined {
  if (code === 'INIT_MISSING') return 127;
  if (code !== 'EXEC_FAILED') return undefined;
  return errno === 'ENOENT' || errno === 'ENOTDIR' ? 127 : 126;
}
