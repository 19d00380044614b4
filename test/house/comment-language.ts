/** Comments are at most 100 columns wide and do without the words that CONTRIBUTING.md lists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commentsOf } from './comments.ts';
import { type Fault, ROOT, type SourceFile } from './source-files.ts';

const WIDTH = 100;

/** The list in CONTRIBUTING.md, below the line that names this file. */
export function forbiddenWords(): string[] {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const list = /<!-- forbidden words[^>]*-->\n([\s\S]*?)\n\n/.exec(text)?.[1] ?? '';
  const words = [...list.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
  if (words.length === 0) throw new Error('CONTRIBUTING.md has no list of forbidden words');
  return words;
}

export function* languageFaults(
  { path, text, lines }: SourceFile,
  words: readonly string[],
): Generator<Fault> {
  const forbidden = new RegExp(`\\b(?:${words.join('|')})\\b`, 'gi');
  for (const comment of commentsOf(text)) {
    if (/^(?:\/\*\*?|\/\/)[\s*]*(?:It|One|They)\b/.test(comment.text))
      yield { path, line: comment.line, message: 'the comment does not name its subject' };
    const parts = comment.text.replaceAll(/`[^`]*`/g, (code) => code.replaceAll(/[^\n]/g, '.')).split('\n');
    for (const [offset, part] of parts.entries()) {
      const line = comment.line + offset;
      const width = [...(lines[line - 1] ?? '')].length;
      if (width > WIDTH)
        yield {
          path,
          line,
          message: `the comment has ${width} columns: at most ${WIDTH} (npm run format:comments -- src/${path})`,
        };
      for (const [word] of part.matchAll(forbidden))
        yield { path, line, message: `"${word}" in a comment (see CONTRIBUTING.md, Language)` };
    }
    // A phrase may be broken over two lines.
    const joined = parts.map((part) => part.replace(/^\s*(?:\/\*\*?|\*|\/\/)?\s*/, '')).join(' ');
    for (const [word] of joined.matchAll(forbidden))
      if (word.includes(' ') && !parts.some((part) => part.includes(word)))
        yield { path, line: comment.line, message: `"${word}" in a comment (see CONTRIBUTING.md, Language)` };
  }
}
