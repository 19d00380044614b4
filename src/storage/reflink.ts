/** Whether files on a filesystem can share their blocks with their copies. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BTRFS = 0x9123683e;
const XFS = 0x58465342;

/** Kinds that may be able to; each filesystem of them is tried. */
const MAYBE = new Set([BTRFS, XFS]);

export function copiesBlocksLazily(directory: string): boolean {
  if (!MAYBE.has(statfsSync(directory).type)) return false;
  const place = mkdtempSync(join(directory, '.reflink-'));
  try {
    const file = join(place, 'a');
    writeFileSync(file, Buffer.alloc(8192, 1));
    execFileSync('cp', ['--reflink=always', file, join(place, 'b')], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
