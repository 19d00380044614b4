import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { IdMapEntry, Range } from './id-map.ts';

/** A user's ranges in subuid(5) or subgid(5): lines begin with the user's name or number. */
export function rangesOf(text: string, name: string | undefined, uid: number): Range[] {
  return text.split('\n').flatMap((line) => {
    const [owner, first, count] = line.trim().split(':');
    if (owner === '' || (owner !== name && owner !== String(uid))) return [];
    const range = { first: Number(first), count: Number(count) };
    return Number.isSafeInteger(range.first) && range.count > 0 ? [range] : [];
  });
}

export const SUBORDINATE_FILES = { u: '/etc/subuid', g: '/etc/subgid' } as const;

/** The ranges that the host's files give to a user; none without the file. */
export function subordinateIds(type: 'u' | 'g', uid: number): Range[] {
  let text: string;
  try {
    text = readFileSync(SUBORDINATE_FILES[type], 'utf8');
  } catch {
    return [];
  }
  return rangesOf(text, nameOf(uid), uid);
}

function nameOf(uid: number): string | undefined {
  try {
    const { username, uid: own } = userInfo();
    return own === uid ? username : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The first range of each kind, mapped from 0: the default map for containers of a user. Undefined
 * if a kind has no range.
 */
export function defaultIdMap(uid: number): IdMapEntry[] | undefined {
  const map = (['u', 'g'] as const).flatMap((type): IdMapEntry[] => {
    const [range] = subordinateIds(type, uid);
    return range ? [{ type, nsId: 0, hostId: range.first, range: range.count }] : [];
  });
  return map.length === 2 ? map : undefined;
}
