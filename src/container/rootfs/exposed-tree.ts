/**
 * Whether users of the host reach the root filesystem of a container with an id map. Its mount maps
 * the owners, so that on disk root of the container is root of the host: a program that the guest
 * makes set-user-id would be root's for every user who reaches it (CVE-2021-41091, 2021-21284, rule
 * R7). LXC gives the files other owners instead; such a tree is not mapped by its mount.
 */
import { chmodSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { RootfsVolume } from '../../stage/plan.ts';

const SEARCHABLE_BY_OTHERS = 0o001;
const SEARCHABLE_BY_GROUP = 0o010;
const SEARCHABLE_BY_OWNER = 0o100;

/**
 * Trees of the host that hold a root filesystem. What lies on a device or in an image is mounted
 * nowhere else.
 */
export function treesOf(volume: RootfsVolume): readonly string[] {
  if (volume.kind === 'tree') return [volume.path];
  if (volume.kind === 'overlay') return [join(volume.work.directory, volume.upper), ...volume.lowers];
  return [];
}

/**
 * Whether every user may search all directories above `path`, and set-user-id counts there. False
 * where nothing is.
 */
export function isReachable(path: string): boolean {
  try {
    const real = realpathSync(path);
    return (
      above(real).every((directory) => statSync(directory).mode & SEARCHABLE_BY_OTHERS) && !isNosuid(real)
    );
  } catch {
    return false;
  }
}

/**
 * The directories on the way to `path` that may be closed for it, and `path`: none of the host's
 * own top ones.
 */
function above(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...above(parent), path];
}

function isNosuid(path: string): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([, , , , point]) => point && `${path}/`.startsWith(point === '/' ? '/' : `${unescaped(point)}/`),
    );
  // The last of those with the longest path covers the others.
  const longest = Math.max(...mounts.map(([, , , , point]) => point!.length));
  return (
    mounts
      .findLast(([, , , , point]) => point!.length === longest)?.[5]
      ?.split(',')
      .includes('nosuid') ?? false
  );
}

const unescaped = (point: string) =>
  point.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));

/**
 * Closes the container's directory to other users if that is what they come by. A group and an
 * access control list lose their way in with the group's bits (the mask of a list), unless the
 * group is root's.
 * @returns whether it was open
 */
export function closeDirectory(kernel: Pick<Kernel, 'getXattr'>, directory: string): boolean {
  const { mode } = statSync(directory);
  const isOpenToSome = [...admitted(kernel, directory)].some((who) => who !== ownerOf(directory));
  if (!(mode & 0o007) && !isOpenToSome) return false;
  chmodSync(directory, mode & (isOpenToSome ? 0o7700 : 0o7770));
  return true;
}

const ownerOf = (directory: string) => `user ${statSync(directory).uid}`;

/**
 * Users and groups besides root that may search all directories above `path`, though not every user
 * may. By owner, group and access control list.
 */
export function whoReaches(kernel: Pick<Kernel, 'getXattr'>, path: string): string[] {
  try {
    const real = realpathSync(path);
    const closed = above(real).filter((directory) => !(statSync(directory).mode & SEARCHABLE_BY_OTHERS));
    if (closed.length === 0 || isNosuid(real)) return [];
    const [first, ...others] = closed.map((directory) => admitted(kernel, directory));
    return [...first!].filter((who) => others.every((list) => list.has(who)));
  } catch {
    return [];
  }
}

/** Who but root may search a directory that is closed to others. */
function admitted(kernel: Pick<Kernel, 'getXattr'>, directory: string): Set<string> {
  const { mode, uid, gid } = statSync(directory);
  const list = kernel.getXattr(directory, 'system.posix_acl_access');
  const byList = list === undefined ? undefined : listEntries(list, uid, gid);
  const byMode = [
    ...(mode & SEARCHABLE_BY_OWNER ? [['user', uid] as const] : []),
    ...(mode & SEARCHABLE_BY_GROUP ? [['group', gid] as const] : []),
  ];
  return new Set((byList ?? byMode).filter(([, id]) => id !== 0).map(([kind, id]) => `${kind} ${id}`));
}

/** Tags of entries, see acl(5) and linux/posix_acl.h. */
const TAG = { owner: 0x01, user: 0x02, owningGroup: 0x04, group: 0x08, mask: 0x10 };
const SEARCH = 1;

/** Entries of an access control list that admit, after its mask: `struct posix_acl_xattr_entry`. */
function listEntries(list: Buffer, uid: number, gid: number): (readonly ['user' | 'group', number])[] {
  const entries = Array.from({ length: Math.floor((list.length - 4) / 8) }, (_, at) => ({
    tag: list.readUInt16LE(4 + at * 8),
    mayPass: (list.readUInt16LE(6 + at * 8) & SEARCH) !== 0,
    id: list.readUInt32LE(8 + at * 8),
  }));
  const isMasked = entries.some(({ tag, mayPass }) => tag === TAG.mask && !mayPass);
  return entries.flatMap(({ tag, mayPass, id }): (readonly ['user' | 'group', number])[] => {
    if (!mayPass) return [];
    if (tag === TAG.owner) return [['user', uid]];
    if (isMasked) return [];
    if (tag === TAG.user) return [['user', id]];
    if (tag === TAG.owningGroup) return [['group', gid]];
    return tag === TAG.group ? [['group', id]] : [];
  });
}

type Origin = { readonly file: string; readonly line: number } | undefined;

/** @param origin where the config names the tree */
export function exposed(path: string, origin?: Origin): TslxcError {
  return exposedTo('every user of this host reaches', path, 'o-x', origin);
}

/** For those that `whoReaches` names: the administrator has let them in, so this is a warning. */
export function exposedToSome(who: readonly string[], path: string, origin?: Origin): TslxcError {
  const them = `${who.join(', ')} of this host ${who.length > 1 ? 'reach' : 'reaches'}`;
  return exposedTo(them, path, 'go-x', origin);
}

function exposedTo(who: string, path: string, change: string, origin: Origin): TslxcError {
  return new TslxcError({
    code: 'NOT_PERMITTED',
    message: `${who} the root filesystem ${path}: a set-user-id program that root of the container makes there would run as root of the host`,
    ...origin,
    hint: remedy(path, change),
  });
}

/** The host's own top directories are needed by others. */
function remedy(path: string, change: string): string {
  const parent = dirname(path);
  if (parent.split('/').length > 2) return `chmod ${change} ${quoted(parent)}`;
  return `keep it below a directory that only root may search (mode 0700)`;
}

const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
