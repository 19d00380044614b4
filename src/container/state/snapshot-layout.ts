/** Where snapshots are: `LXCPATH/NAME/snaps/snapN/{config,rootfs,ts,comment}`, as LXC has it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerRef, containerDirectory } from './paths.ts';

/** The directory that holds them; LXC's first versions had it beside the container directory. */
export function snapshotsDirectory(ref: ContainerRef): string {
  const legacy = join(`${ref.lxcpath}snaps`, ref.name);
  return existsSync(legacy) ? legacy : join(containerDirectory(ref), 'snaps');
}

/** Names of the complete ones, in the order of their numbers. */
export function snapshotNames(ref: ContainerRef): string[] {
  const directory = snapshotsDirectory(ref);
  let entries: string[];
  try {
    entries = readdirSync(directory);
  } catch {
    return [];
  }
  return entries
    .filter((name) => !name.startsWith('.') && existsSync(join(directory, name, 'config')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** A snapshot seen as a container: that is what LXC's layout makes of it. */
export function snapshotRef(ref: ContainerRef, snapshot: string): ContainerRef {
  return { name: snapshot, lxcpath: snapshotsDirectory(ref) };
}
