/** Facts about seccomp on this host. */
import { readFileSync, statSync } from 'node:fs';
import type { Kernel } from '../../kernel/kernel.ts';
import { compilePolicy, type Filter } from './compile.ts';
import { parsePolicy } from './policy.ts';

/** Whether this process already has a filter. */
export function underFilter(): boolean {
  return !/^Seccomp:\s*0$/m.test(readFileSync('/proc/self/status', 'utf8'));
}

const compiled = new Map<string, { readonly version: string; readonly filter: Filter }>();

/**
 * The filter of a policy file. A file that has not changed is compiled once, since most containers
 * share one policy.
 * @throws TslxcError SECCOMP_POLICY, TOOL_MISSING; an error of node:fs for the file
 */
export function compiledPolicy(kernel: Pick<Kernel, 'memfd'>, file: string): Filter {
  const { ino, dev, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  const version = [ino, dev, size, mtimeNs, ctimeNs].join(' ');
  const known = compiled.get(file);
  if (known?.version === version) return known.filter;
  const filter = compilePolicy(kernel, parsePolicy(file, readFileSync(file, 'utf8')));
  compiled.set(file, { version, filter });
  return filter;
}
