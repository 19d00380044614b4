import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';

/** A mounted cgroup hierarchy. */
export interface Hierarchy {
  /** `memory`, `cpu,cpuacct`, `name=systemd` or `unified`: unique in a layout. */
  readonly id: string;
  readonly version: 1 | 2;
  readonly mountpoint: string;
  /**
   * Controllers that it carries; none for a named v1 hierarchy and for the v2 one of an ordinary
   * hybrid host.
   */
  readonly controllers: readonly string[];
  /** Name of a v1 hierarchy that has one (`systemd`). */
  readonly name?: string;
  /** Cgroup of the calling process, relative to the mount point (`/` is the mount point itself). */
  readonly own: string;
}

export type LayoutKind = 'legacy' | 'hybrid' | 'unified';

export interface CgroupLayout {
  readonly kind: LayoutKind;
  readonly hierarchies: readonly Hierarchy[];
}

/** The texts that a layout is read from. */
export interface LayoutTexts {
  /** /proc/self/mountinfo */
  readonly mountinfo: string;
  /** /proc/self/cgroup */
  readonly cgroup: string;
  /** Contents of cgroup.controllers of the v2 hierarchy mounted there. */
  readonly controllers: (mountpoint: string) => string;
}

/**
 * Directory of the manager's own processes: it never counts as "where the caller is" (see
 * monitor-cgroup.ts).
 */
export const MONITOR = 'tslxc.monitor';

/** v1 mount options that are no controllers. */
const NOT_CONTROLLERS =
  /^(r[ow]|xattr|noprefix|clone_children|cpuset_v2_mode|favordynmods|nofavordynmods|seclabel|release_agent=.*|name=.*|none|all)$/;

interface CgroupMount {
  readonly version: 1 | 2;
  /** Directory of the hierarchy that is seen at the mount point. */
  readonly root: string;
  readonly mountpoint: string;
  readonly controllers: string[];
  readonly name?: string;
}

/** mountinfo writes space, tab, newline and backslash as octal escapes. */
const unescapeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function parseMount(line: string): CgroupMount | undefined {
  const [left, right] = line.split(' - ');
  const [type, , superOptions = ''] = (right ?? '').split(' ');
  if (type !== 'cgroup' && type !== 'cgroup2') return undefined;
  const [, , , root = '/', mountpoint = ''] = left!.split(' ');
  const options = superOptions.split(',');
  const name = options.find((option) => option.startsWith('name='))?.slice(5);
  return {
    version: type === 'cgroup' ? 1 : 2,
    root: unescapeOctal(root),
    mountpoint: unescapeOctal(mountpoint),
    controllers: type === 'cgroup' ? options.filter((option) => !NOT_CONTROLLERS.test(option)) : [],
    ...(name ? { name } : {}),
  };
}

function idOf({ version, name, controllers }: CgroupMount): string {
  if (version === 2) return 'unified';
  return controllers.length > 0 ? controllers.join(',') : `name=${name}`;
}

/** `/proc/self/cgroup` as a map from hierarchy id to path. */
export function parseOwnCgroups(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (match) paths.set(match[1] === '' ? 'unified' : sortedId(match[1]!), match[2]!);
  }
  return paths;
}

/**
 * Mount options and /proc/self/cgroup may list the controllers of one hierarchy in different
 * orders.
 */
function sortedId(id: string): string {
  const parts = id.split(',');
  return (parts.length > 1 ? parts.filter((part) => !part.startsWith('name=')) : parts).sort().join(',');
}

/**
 * The caller's cgroup as seen below the mount point. A mount may show only a part of the hierarchy
 * (in a container without a cgroup namespace), and the caller may be outside that part: then the
 * mount point is all there is.
 */
function ownPath(path: string | undefined, root: string): string {
  if (path === undefined || path.startsWith('/..')) return '/';
  const below =
    root === '/' ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : '';
  const segments = below.split('/').filter(Boolean);
  const monitor = segments.indexOf(MONITOR);
  return `/${(monitor < 0 ? segments : segments.slice(0, monitor)).join('/')}`;
}

/**
 * The same hierarchy may be mounted more than once: the widest view wins, then the usual place,
 * then the first.
 */
function better(a: CgroupMount, b: CgroupMount): CgroupMount {
  if (a.root.length !== b.root.length) return a.root.length < b.root.length ? a : b;
  const usual = (mount: CgroupMount) => /^\/sys\/fs\/cgroup(\/|$)/.test(mount.mountpoint);
  return !usual(a) && usual(b) ? b : a;
}

/** The layout that the texts describe; no hierarchy at all is an error. */
export function parseLayout(texts: LayoutTexts): CgroupLayout {
  const mounts = new Map<string, CgroupMount>();
  for (const line of texts.mountinfo.split('\n')) {
    const mount = parseMount(line);
    if (!mount) continue;
    const id = idOf(mount);
    const known = mounts.get(id);
    mounts.set(id, known ? better(known, mount) : mount);
  }
  const own = parseOwnCgroups(texts.cgroup);
  const hierarchies = [...mounts].map(
    ([id, mount]): Hierarchy => ({
      id,
      version: mount.version,
      mountpoint: mount.mountpoint,
      controllers: mount.version === 1 ? mount.controllers : words(texts.controllers(mount.mountpoint)),
      ...(mount.name ? { name: mount.name } : {}),
      own: ownPath(own.get(sortedId(id)), mount.root),
    }),
  );
  if (hierarchies.length === 0) {
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: 'no cgroup hierarchy is mounted on this host',
      hint: 'mount one: mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    });
  }
  const versions = new Set(hierarchies.map(({ version }) => version));
  return { kind: versions.size === 2 ? 'hybrid' : versions.has(2) ? 'unified' : 'legacy', hierarchies };
}

export const words = (text: string) => text.split(/\s+/).filter(Boolean);

/**
 * The layout of this host as the calling process sees it.
 * @param root another root directory to read it from
 * @param cgroup /proc/PID/cgroup of another process, to see it as that one
 */
export function detectLayout(root = '/', cgroup?: string): CgroupLayout {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  return parseLayout({
    mountinfo: read('/proc/self/mountinfo'),
    cgroup: cgroup ?? read('/proc/self/cgroup'),
    controllers(mountpoint) {
      try {
        return read(join(mountpoint, 'cgroup.controllers'));
      } catch {
        // Very old cgroup2 (before 4.5), or a mount that another one covers.
        return '';
      }
    },
  });
}

/** The hierarchy that carries a controller, v1 or v2, under that version's name of it. */
export function hierarchyOf(layout: CgroupLayout, version: 1 | 2, controller: string): Hierarchy | undefined {
  return layout.hierarchies.find((h) => h.version === version && h.controllers.includes(controller));
}

/** The v2 hierarchy, with or without controllers. */
export function unifiedOf(layout: CgroupLayout): Hierarchy | undefined {
  return layout.hierarchies.find(({ version }) => version === 2);
}
