import type { ExitStatus } from '../../kernel/kernel.ts';

/** As shells tell it: the code, or 128 and the signal's number. */
export function exitCodeOf(status: ExitStatus): number {
  return status.signal === null ? (status.code ?? 0) : 128 + status.signal;
}
