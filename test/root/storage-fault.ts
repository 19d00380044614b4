/**
 * Death of a process at any of its steps, without the process: from a chosen call on, everything that would change
 * the disk or start a program throws, so that what the dying code still does has no effect either.
 */
import child from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const CHANGING = [
  'appendFileSync',
  'chmodSync',
  'chownSync',
  'copyFileSync',
  'ftruncateSync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'symlinkSync',
  'unlinkSync',
  'utimesSync',
  'writeFileSync',
  'writeSync',
] as const;

/** What is not about containers: locks and their folders are below the run directory. */
const isRun = (path: unknown) => typeof path === 'string' && path.includes('/run');

export class Killed extends Error {}

type Changing = (...args: unknown[]) => unknown;

/**
 * Does the work until its step number `at` (from 0), which it does not do any more; a file that would be written then is
 * half written. `full`: that step and those like it fail as on a full disk instead, while things can still be removed.
 * @returns whether it came that far
 */
export async function dyingAt(at: number, work: () => Promise<unknown>, full = false): Promise<boolean> {
  let steps = 0;
  let reached = false;
  const restore: (() => void)[] = [];
  const replace = (module: Record<string, unknown>, name: string, grows: boolean) => {
    const original = module[name] as Changing;
    restore.push(() => {
      module[name] = original;
    });
    module[name] = (...args: unknown[]) => {
      if (isRun(args[0])) return original(...args);
      const counts = !full || grows;
      if (counts && steps++ >= at) {
        if (!reached && name === 'writeFileSync' && typeof args[1] === 'string')
          original(args[0], args[1].slice(0, args[1].length / 2), args[2]);
        reached = true;
        // A program that is not there: `spawn` says so by an event, and nobody is kept waiting.
        if (name === 'spawn') return original('/nowhere/to/be/found', [], args[2]);
        if (!full) throw new Killed();
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 });
      }
      return original(...args);
    };
  };
  for (const name of CHANGING)
    replace(fs as unknown as Record<string, unknown>, name, /^(append|copy|mkdir|symlink|write)/.test(name));
  if (!full) replace(child as unknown as Record<string, unknown>, 'spawn', false);
  syncBuiltinESMExports();
  try {
    await work();
  } catch (error) {
    if (!reached) throw error;
  } finally {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  }
  return reached;
}
