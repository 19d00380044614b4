/** How long copies tell of themselves. */
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Call } from '../run/command.ts';
import { interruptible } from '../run/interrupt.ts';
import { withProgress } from './progress.ts';
import { humanBytes } from './units.ts';

/** What the methods of the library take that copy much. */
export interface CopyTelling {
  readonly signal: AbortSignal;
  onStep(text: string): void;
  onNotice(text: string): void;
  onProgress(progress: { readonly bytes: number; readonly rate: number }): void;
}

/**
 * Does the work, which Ctrl-C calls off. On a terminal its steps are shown and how far they have
 * come; in a pipe nothing but what the user should know.
 */
export async function copying<Result>(
  call: Pick<Call, 'io' | 'quiet' | 'json' | 'complain'>,
  work: (telling: CopyTelling) => Promise<Result>,
): Promise<Result> {
  const notices: string[] = [];
  const result = await withProgress(
    call.io,
    { quiet: call.quiet || call.json, terminalOnly: true },
    (progress) =>
      interruptible(call.io, (signal) =>
        work({
          signal,
          onStep: progress.step,
          onNotice: (text) => notices.push(text),
          onProgress: ({ bytes, rate }) => progress.status(`${humanBytes(bytes)}, ${humanBytes(rate)}/s`),
        }),
      ),
  );
  for (const notice of notices)
    await call.complain(new TslxcError({ code: 'STORAGE', message: notice }), 'warning');
  return result;
}
