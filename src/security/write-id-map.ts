import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import { type IdMapEntry, mapText, missingIds, rangesText } from './id-map.ts';
import { SUBORDINATE_FILES, subordinateIds } from './subordinate-ids.ts';

const KINDS = [
  ['u', 'uid_map', 'newuidmap'],
  ['g', 'gid_map', 'newgidmap'],
] as const;

/**
 * Writes the maps of a process's new user namespace. Root writes any map, an ordinary user a map of
 * their own id; ids of subuid(5) need newuidmap(1) and newgidmap(1).
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
    } else {
      mustBeGiven(entries, type);
      runTool(tool, pid, entries);
    }
  }
}

/** Checked first, since the tools only report that they refuse. */
function mustBeGiven(entries: readonly IdMapEntry[], type: 'u' | 'g'): void {
  const uid = process.geteuid!();
  const self = { first: type === 'u' ? uid : process.getegid!(), count: 1 };
  const given = subordinateIds(type, uid);
  const missing = entries.flatMap((entry) => missingIds(entry, [self, ...given]));
  if (missing.length === 0) return;
  const option = type === 'u' ? '--add-subuids' : '--add-subgids';
  const kind = type === 'u' ? 'user' : 'group';
  throw new TslxcError({
    code: 'IDMAP_UNAVAILABLE',
    message: `host ${kind} ids ${rangesText(missing)} are not given to user ${uid} by ${SUBORDINATE_FILES[type]} (${rangesText(given) || 'none'} are)`,
    hint: `as root: ${missing.map(({ first, count }) => `usermod ${option} ${first}-${first + count - 1} USER`).join('; ')}`,
  });
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
    // EACCES: this user may not search a directory of the PATH.
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
