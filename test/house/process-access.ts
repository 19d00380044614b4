/** Below `cli`, a request's context is passed as a parameter: no code reads it from `process`. */
import { commentsOf } from './comments.ts';
import type { Fault, SourceFile } from './source-files.ts';

/** Files whose process is their own: programs, and the two places that read it for them. */
const ALLOWED: ReadonlySet<string> = new Set([
  // A child of fork has no other way to its end.
  'kernel/event-loop.ts',
  'manager/boot.ts',
  'manager/keeper/keeper.ts',
  'manager/main.ts',
  'manager/keeper/reach-keeper.ts',
  'manager/process/run-directory-guard.ts',
  'util/own-process.ts',
  'util/request-context.ts',
]);

const ACCESS = /\bprocess\.(?:env|cwd|argv|exit|exitCode)\b/g;

export function* processFaults({ path, text }: SourceFile): Generator<Fault> {
  if (path.startsWith('cli/') || ALLOWED.has(path)) return;
  const code = withoutComments(text);
  for (const [position, line] of code.split('\n').entries())
    for (const [access] of line.matchAll(ACCESS))
      yield { path, line: position + 1, message: `${access} below cli: take a RequestContext` };
}

/** Comments become blanks, so that lines keep their numbers. */
function withoutComments(text: string): string {
  let code = text;
  for (const { start, end, text: comment } of commentsOf(text))
    code = code.slice(0, start) + comment.replaceAll(/[^\n]/g, ' ') + code.slice(end);
  return code;
}
