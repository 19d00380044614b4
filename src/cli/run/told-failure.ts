import { inWords } from '../../errors/errno-words.ts';
import { plainText } from '../../util/plain.ts';

/** What a write to a full disk, a full device or a broken one says. */
const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EIO', 'EFBIG', 'EDQUOT']);

/**
 * The line for an error that no command has reported. Text is written to standard output at once,
 * and everything else is reported with its command.
 */
export function toldFailure(error: unknown): string {
  const { code, message = String(error) } = error as NodeJS.ErrnoException;
  const words = inWords(message);
  return `tslxc: ${plainText(FULL.has(code) ? `standard output cannot be written: ${words}` : words)}\n`;
}
