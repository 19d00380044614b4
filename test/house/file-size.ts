import type { Fault, SourceFile } from './source-files.ts';

const MOST_LINES = 400;

export function* sizeFaults({ path, lines }: SourceFile): Generator<Fault> {
  const count = lines.length - 1;
  if (count > MOST_LINES)
    yield { path, message: `${count} lines: at most ${MOST_LINES}, one subject a file` };
}
