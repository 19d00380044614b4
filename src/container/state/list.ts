/** Which containers there are. */
import { existsSync, readdirSync } from 'node:fs';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { isPartial } from './partial-marker.ts';
import { type ContainerRef, configFile } from './paths.ts';
import { allRunning, liveRecord } from './runtime-record.ts';

/** Whether a container is defined: its config is there and it is complete. */
export function isDefined(ref: ContainerRef): boolean {
  return existsSync(configFile(ref)) && !isPartial(ref);
}

/**
 * Names of the defined containers of a container directory, sorted; none when there is no such
 * directory.
 */
export function definedContainers(lxcpath: string): string[] {
  let names: string[];
  try {
    names = readdirSync(lxcpath);
  } catch {
    return [];
  }
  return names.filter((name) => !name.startsWith('.') && isListed({ name, lxcpath })).sort(byBytes);
}

/** An entry that cannot be looked at does not end a listing. */
function isListed(ref: ContainerRef): boolean {
  try {
    return isDefined(ref);
  } catch {
    return existsSync(configFile(ref));
  }
}

/** Names of those that run, whether or not they are still defined, sorted. */
export function activeContainers(lxcpath: string): string[] {
  return allRunning()
    .filter((record) => record.lxcpath === lxcpath && liveRecord(record) !== undefined)
    .map(({ name }) => name)
    .sort(byBytes);
}

/** Names of all of them, sorted. */
export function listContainers(lxcpath: string): string[] {
  return [...new Set([...definedContainers(lxcpath), ...activeContainers(lxcpath)])].sort(byBytes);
}

/** Sorts like LXC, in any locale. */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function noSuchContainer(ref: ContainerRef): TslxcError {
  return new TslxcError({
    code: 'CONTAINER_MISSING',
    container: ref.name,
    message: `there is no such container in ${ref.lxcpath}`,
    hint: '`tslxc-ls` lists the containers; -P names another container directory',
  });
}
