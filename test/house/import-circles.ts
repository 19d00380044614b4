/**
 * Files that import each other in a circle, by types and by `import()` too (Tarjan's strongly
 * connected components).
 */
import type { Fault, SourceFile } from './source-files.ts';

interface Visit {
  readonly index: number;
  /** The smallest index that can be reached. */
  low: number;
  onStack: boolean;
}

export function circleFaults(files: readonly SourceFile[]): Fault[] {
  const imports = new Map(files.map((file) => [file.path, file.imports.flatMap(({ path }) => path ?? [])]));
  const visits = new Map<string, Visit>();
  const stack: string[] = [];
  const faults: Fault[] = [];

  function visit(path: string): Visit {
    const own: Visit = { index: visits.size, low: visits.size, onStack: true };
    visits.set(path, own);
    stack.push(path);
    for (const target of imports.get(path) ?? []) {
      const seen = visits.get(target);
      if (!seen) own.low = Math.min(own.low, visit(target).low);
      else if (seen.onStack) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) {
      const circle = stack.splice(stack.indexOf(path));
      for (const member of circle) visits.get(member)!.onStack = false;
      if (circle.length > 1 || imports.get(path)?.includes(path))
        faults.push({ path, message: `imports in a circle: ${circle.sort().join(', ')}` });
    }
    return own;
  }

  for (const { path } of files) if (!visits.has(path)) visit(path);
  return faults;
}
