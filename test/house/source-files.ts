/**
 * The sources as the checks of the house see them: one record a file, with its imports and
 * comments.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
const SOURCE = join(ROOT, 'src');

export interface SourceFile {
  /** Path below `src`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Static, type-only and dynamic imports, in the order written. */
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  /** Path below `src` of the imported file; undefined for libraries and Node's own modules. */
  readonly path: string | undefined;
}

/** `path` is below `src`, `line` counts from 1. */
export interface Fault {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

export function sourceFiles(): SourceFile[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(SOURCE, path), 'utf8');
      return { path, text, lines: text.split('\n'), imports: [...importsOf(path, text)] };
    });
}

function* importsOf(path: string, text: string): Generator<Import> {
  for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)) {
    const local = specifier!.startsWith('.');
    const target = resolve(SOURCE, dirname(path), specifier!);
    yield { specifier: specifier!, path: local ? relative(SOURCE, target) : undefined };
  }
}
