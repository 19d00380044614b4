import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import { type IdMapEntry, mapText } from './id-map.ts';

const KINDS = [
  ['u', 'uid_map', 'newuidmap'],
  ['g', 'gid_map', 'newgidmap'],
] as const;

/**
 * Writes the maps of a process's fresh user namespace: root by itself, an ordinary user a map of nothing but itself, and
 * with newuidmap(1) and newgidmap(1) what subuid(5) gives it.
 * @throws TslxcError IDMAP_UNAVAILABLE, TOOL_MISSING
 */
export function writeIdMap(pid: number, map: readonly IdMapEntry[]): void {
  for (const [type, file, tool] of KINDS) {
    const entries = map.filter((entry) => entry.type === type);
    if (entries.length === 0) continue;
    if (process.geteuid!() === 0) writeFile(pid, file, mapText(map, type));
    else if (isOnlySelf(entries, type)) {
      if (type === 'g') writeFile(pid, 'setgroups', 'deny');
      writeFile(pid, file, mapText(map, type));
    } else runTool(tool, pid, entries);
  }
}

function isOnlySelf(entries: readonly IdMapEntry[], type: 'u' | 'g'): boolean {
  const own = type === 'u' ? process.geteuid!() : process.getegid!();
  return entries.length === 1 && entries[0]!.hostId === own && entries[0]!.range === 1;
}

function writeFile(pid: number, file: string, text: string): void {
  try {
    writeFileSync(`/proc/${pid}/${file}`, text);
  } catch (error) {
    throw new TslxcError({
      code: 'IDMAP_UNAVAILABLE',
      message: `the kernel refused the id map (${(error as NodeJS.ErrnoException).code})`,
      step: `write ${file}`,
      hint: 'ids inside must not overlap, nor those outside, and those outside must exist here',
      cause: error,
    });
  }
}

function runTool(tool: string, pid: number, entries: readonly IdMapEntry[]): void {
  const args = entries.flatMap(({ nsId, hostId, range }) => [nsId, hostId, range]).map(String);
  try {
    execFileSync(tool, [String(pid), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
    // EACCES: a folder of the PATH that this user may not look into.
    if (code === 'ENOENT' || code === 'EACCES')
      throw new TslxcError({
        code: 'TOOL_MISSING',
        message: `${tool} is not installed: an ordinary user's id maps are written by it`,
        hint: 'it is in the package uidmap (Debian, Ubuntu), shadow-utils or shadow elsewhere',
      });
    throw new TslxcError({
      code: 'IDMAP_UNAVAILABLE',
      message: `${tool} refused the id map: ${String(stderr ?? '').trim() || code}`,
      hint: 'the host ids have to be in the ranges that /etc/subuid and /etc/subgid give to this user',
    });
  }
}
