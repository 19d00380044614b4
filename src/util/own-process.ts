/**
 * The environment of this process. Only two things may depend on it: the context of a request that
 * this process makes for itself, and settings that are the same for all requests (`TSLXC_*`, the
 * search path of tools).
 */
import { completePath, DEFAULT_PATH } from './search-path.ts';

/** A copy of this process's environment. */
export function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
}

/** A variable of this process's environment; undefined if it is not set. */
export function ownVariable(
  name: `TSLXC_${string}` | 'XDG_RUNTIME_DIR' | 'HOME' | 'TZ' | 'PATH',
): string | undefined {
  return process.env[name];
}

/**
 * The environment of tools whose output is parsed: a complete search path, and messages in English.
 */
export function toolEnvironment(): { readonly PATH: string; readonly LC_ALL: 'C' } {
  return { PATH: toolPath(), LC_ALL: 'C' };
}

/**
 * Directories in which tools of the host are searched. An empty or incomplete PATH is completed.
 */
export function toolPath(): string {
  return completePath(ownVariable('PATH') ?? DEFAULT_PATH);
}
