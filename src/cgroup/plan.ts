import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { DeviceRule } from './device-rules.ts';
import { writable } from './files.ts';
import type { CgroupLayout, Hierarchy } from './layout.ts';

/** The cgroups of a container in one hierarchy. Paths are absolute. */
export interface PlannedHierarchy {
  readonly id: string;
  readonly version: 1 | 2;
  readonly mountpoint: string;
  readonly controllers: readonly string[];
  /** Where the limits are: nothing in the container can change them. */
  readonly limit: string;
  /** What the container sees as the root of its cgroups, below `limit`. */
  readonly inner: string;
  /** Directories above `limit` that were not there when this was planned, outermost first. */
  readonly scaffold: readonly string[];
}

/**
 * Plain data: it goes to the journal before anything is made, and any process that has it can undo
 * it.
 */
export interface CgroupPlan {
  readonly hierarchies: readonly PlannedHierarchy[];
  /** Hierarchies that the caller may not use, with the reason. */
  readonly skipped: readonly {
    readonly id: string;
    readonly controllers: readonly string[];
    readonly reason: string;
  }[];
  /** Device rules in force (device-rules.ts), in order. */
  readonly devices: readonly DeviceRule[];
}

export interface PlanOptions {
  /** lxc.cgroup.dir: directory that the container's cgroup is made in. */
  readonly dir?: string | undefined;
  /** lxc.cgroup.relative: start at the caller's own cgroup instead of the root of the hierarchy. */
  readonly relative?: boolean | undefined;
  /** lxc.cgroup.dir.container: the very path of the limit cgroup. */
  readonly container?: string | undefined;
  /** lxc.cgroup.dir.container.inner: path of the inner cgroup below it. */
  readonly inner?: string | undefined;
  /** lxc.cgroup.dir.monitor: the very path of the cgroup for hooks. */
  readonly monitor?: string | undefined;
  /** lxc.cgroup.dir.monitor.pivot: where what hooks leave behind goes in the end. */
  readonly pivot?: string | undefined;
  /** System key lxc.cgroup.pattern, for instance `lxc/%n`. */
  readonly pattern?: string | undefined;
  /** System key lxc.cgroup.naming: whose names the cgroups have. */
  readonly naming?: Naming | undefined;
  /**
   * System key lxc.cgroup.use: on v1 only hierarchies whose controllers are all listed, on v2 only
   * these controllers.
   */
  readonly use?: readonly string[] | undefined;
  /** The rules that the container starts with: v1 has to know before the inner cgroup is made. */
  readonly devices?: readonly DeviceRule[] | undefined;
  /** For tests. */
  readonly exists?: (path: string) => boolean;
  readonly writable?: (path: string) => boolean;
}

/** Whose names a container's cgroups have; programs such as htop and netdata know those of LXC. */
export type Naming = 'tslxc' | 'lxc';

/** What the names of limit cgroups begin with. */
export const PAYLOADS: Readonly<Record<Naming, string>> = { tslxc: 'tslxc.payload.', lxc: 'lxc.payload.' };

/** How many containers of one name may run from different folders at once (as in LXC). */
const MAX_SUFFIX = 999;

export function checkedPath(path: string, what: string): string {
  const segments = path.split('/').filter(Boolean);
  if (
    segments.length === 0 ||
    segments.some((segment) => segment === '.' || segment === '..' || /[\0\n]/.test(segment))
  )
    throw new TslxcError({ code: 'CONFIG_VALUE', message: `${what}: "${path}" is no usable cgroup path` });
  return segments.join('/');
}

/** Bytes of a folder's name, without the suffix of a conflict. */
const LONGEST_PAYLOAD = 250;

/**
 * A name that a cgroup can have: the kernel takes no newline, and the prefix may make the name too
 * long.
 */
export function cgroupName(start: string, name: string): string {
  const whole = `${start}${name}`;
  if (!name.includes('\n') && Buffer.byteLength(whole) <= LONGEST_PAYLOAD) return whole;
  let hash = 0;
  for (const byte of Buffer.from(name)) hash = (Math.imul(hash, 31) + byte) >>> 0;
  let kept = whole.replaceAll('\n', '_');
  while (Buffer.byteLength(kept) > LONGEST_PAYLOAD - 9) kept = [...kept].slice(0, -1).join('');
  return `${kept}-${hash.toString(16).padStart(8, '0')}`;
}

/** The limit cgroup below the base, without the suffix of a conflict; `fixed` paths get none. */
function limitPath(name: string, options: PlanOptions): { path: string; fixed: boolean } {
  if (options.container !== undefined) {
    if (options.dir !== undefined)
      throw new TslxcError({
        code: 'CONFIG_CONFLICT',
        message: 'lxc.cgroup.dir and lxc.cgroup.dir.container exclude each other',
      });
    return { path: checkedPath(options.container, 'lxc.cgroup.dir.container'), fixed: true };
  }
  if (options.pattern !== undefined && options.dir === undefined)
    return {
      path: checkedPath(`${options.pattern.replaceAll('%n', name)}/payload`, 'lxc.cgroup.pattern'),
      fixed: false,
    };
  const dir = options.dir === undefined ? '' : `${checkedPath(options.dir, 'lxc.cgroup.dir')}/`;
  const own = cgroupName(PAYLOADS[options.naming ?? 'tslxc'], name);
  return { path: `${dir}${checkedPath(own, 'container name')}`, fixed: false };
}

/**
 * LXC starts at the root of the hierarchy; where that is not ours to write, the caller's own cgroup
 * may be.
 */
function baseOf(hierarchy: Hierarchy, options: PlanOptions): string | undefined {
  const canWrite = options.writable ?? writable;
  const own = join(hierarchy.mountpoint, hierarchy.own);
  const candidates = options.relative ? [own] : [hierarchy.mountpoint, own];
  return candidates.find(canWrite);
}

export const LEFT_OUT = 'lxc.cgroup.use leaves it out';

/**
 * What `lxc.cgroup.use` leaves of a hierarchy; undefined when that is nothing. A v1 hierarchy is
 * used whole or not at all. The v2 one is always used, as a container has to be somewhere: there
 * only the controllers are fewer.
 */
function used(hierarchy: Hierarchy, use: readonly string[] | undefined): Hierarchy | undefined {
  if (!use) return hierarchy;
  const { version, name, controllers } = hierarchy;
  if (version === 2) return { ...hierarchy, controllers: controllers.filter((id) => use.includes(id)) };
  const ids = name ? [`name=${name}`] : controllers;
  return ids.every((id) => use.includes(id)) ? hierarchy : undefined;
}

interface Places {
  readonly places: readonly { readonly hierarchy: Hierarchy; readonly base: string }[];
  readonly skipped: CgroupPlan['skipped'];
}

/** The hierarchies in which cgroups can and shall be made, and where each begins. */
export function placesOf(layout: CgroupLayout, options: PlanOptions): Places {
  const places: Places['places'][number][] = [];
  const skipped: CgroupPlan['skipped'][number][] = [];
  for (const whole of layout.hierarchies) {
    const { id, controllers, mountpoint } = whole;
    const hierarchy = used(whole, options.use);
    const base = baseOf(whole, options);
    if (!hierarchy) skipped.push({ id, controllers, reason: LEFT_OUT });
    else if (base === undefined)
      skipped.push({ id, controllers, reason: `${mountpoint} is not writable for the caller` });
    else places.push({ hierarchy, base });
  }
  return { places, skipped };
}

/** Where the container's cgroups will be. Reads directories, makes nothing. */
export function planCgroup(layout: CgroupLayout, name: string, options: PlanOptions = {}): CgroupPlan {
  const exists = options.exists ?? existsSync;
  const { path, fixed } = limitPath(name, options);
  const inner =
    options.inner === undefined ? 'ns' : checkedPath(options.inner, 'lxc.cgroup.dir.container.inner');
  const { places, skipped } = placesOf(layout, options);
  // v2 first: the maker of that one has the name, and init can be born in it while the others are
  // made.
  const bases = places.toSorted((a, b) => b.hierarchy.version - a.hierarchy.version);

  const free = (suffix: string) => bases.every(({ base }) => !exists(`${join(base, path)}${suffix}`));
  let suffix = '';
  for (let n = 1; !fixed && !free(suffix); n++) {
    if (n > MAX_SUFFIX)
      throw new TslxcError({
        code: 'START_FAILED',
        message: `the cgroups ${path} to ${path}-${MAX_SUFFIX} are all taken`,
        hint: `remove those without processes: rmdir ${join(bases[0]!.base, path)}-*`,
      });
    suffix = `-${n}`;
  }

  const hierarchies = bases.map(({ hierarchy, base }): PlannedHierarchy => {
    const limit = `${join(base, path)}${suffix}`;
    const above = path
      .split('/')
      .slice(0, -1)
      .map((_, i, parts) => join(base, ...parts.slice(0, i + 1)));
    const { id, version, mountpoint, controllers } = hierarchy;
    const scaffold = above.filter((directory) => !exists(directory));
    return { id, version, mountpoint, controllers, limit, inner: join(limit, inner), scaffold };
  });
  return { hierarchies, skipped, devices: options.devices ?? [] };
}

/** The layout of the plan's hierarchies: what translate() needs for a running container. */
export function layoutOf(plan: CgroupPlan): CgroupLayout {
  const versions = new Set(plan.hierarchies.map(({ version }) => version));
  return {
    kind: versions.size === 2 ? 'hybrid' : versions.has(2) ? 'unified' : 'legacy',
    hierarchies: plan.hierarchies.map(({ id, version, mountpoint, controllers }) => ({
      id,
      version,
      mountpoint,
      controllers,
      ...(id.startsWith('name=') ? { name: id.slice(5) } : {}),
      own: '/',
    })),
  };
}

/** The planned hierarchy that carries a v1 controller, or the v2 one. */
export const v1Of = (plan: CgroupPlan, controller: string) =>
  plan.hierarchies.find(({ version, controllers }) => version === 1 && controllers.includes(controller));
export const v2Of = (plan: CgroupPlan) => plan.hierarchies.find(({ version }) => version === 2);
