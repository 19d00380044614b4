/** Documents name only files that exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, ROOT } from './source-files.ts';

const PATH = /`((?:bin|config|docs|examples|man|packaging|src|templates|test)\/[\w./@-]+)`/g;
/** Placeholders, and files of other projects: libuv's `src/unix`. */
const ELSEWHERE = /NAME|^src\/unix/;

const LINK = /\]\(([\w./-]+\.md)(?:#[\w-]*)?\)/g;

export function documentFaults(): Fault[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const below = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return [...top, ...below.map((name) => join('docs', name))].flatMap((document) => {
    const lines = readFileSync(join(ROOT, document), 'utf8').split('\n');
    return lines.flatMap((line, at) => {
      const paths = [...line.matchAll(PATH)].map(([, path]) => path!).filter((path) => !ELSEWHERE.test(path));
      const named = paths.map((path) => join(ROOT, path));
      const linked = [...line.matchAll(LINK)].map(([, path]) => join(ROOT, document, '..', path!));
      return [...named, ...linked]
        .filter((path) => !existsSync(path))
        .map((path) => ({
          path: document,
          line: at + 1,
          message: `there is no ${path.slice(ROOT.length + 1)}`,
        }));
    });
  });
}
