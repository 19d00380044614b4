import { join } from 'node:path';
import { MS } from '../kernel/constants.ts';
import { type CgroupLayout, type Hierarchy, unifiedOf } from './layout.ts';
import type { CgroupPlan } from './plan.ts';

/** One step of mounting the cgroups into a container. */
export interface MountStep {
  /** `symlink`: `target` becomes a link to `source`. Else what mount(2) takes. */
  readonly source: string;
  /** Relative to the container's root; a directory, made if it is missing. */
  readonly target: string;
  readonly type: string;
  /** MS.* bits. */
  readonly flags: number;
  readonly data: string;
}

export type CgroupAccess = 'mixed' | 'ro' | 'rw';

export interface CgroupMountOptions {
  /** `cgroup`, `cgroup:ro` ...: null for the bare token, which means rw with CAP_SYS_ADMIN and mixed without. */
  readonly access: CgroupAccess | null;
  /** `cgroup-full`: the host's whole hierarchies, where there is no cgroup namespace to hide them. */
  readonly full: boolean;
  /** `:force`: mount although init could do it itself. */
  readonly force: boolean;
  readonly cgroupNamespace: boolean;
  /** Whether init keeps CAP_SYS_ADMIN. */
  readonly sysAdmin: boolean;
}

const TOP = 'sys/fs/cgroup';
const SAFE = MS.NOSUID | MS.NODEV | MS.NOEXEC;
/** LXC's size. */
const TMPFS = 'mode=755,size=10240k';

const readOnly = (target: string): MountStep => ({
  source: '',
  target,
  type: '',
  // By a bind remount: MS_RDONLY in the first mount would make the super block read-only, for every mount of it.
  flags: MS.REMOUNT | MS.BIND | MS.RDONLY | SAFE | MS.RELATIME,
  data: '',
});

/** Directory name of a hierarchy below /sys/fs/cgroup, as on the host. */
function directoryOf({ version, name, id }: Hierarchy): string {
  return version === 2 ? 'unified' : (name ?? id);
}

/** mount(2)'s own words for a hierarchy. */
function mountOf(hierarchy: Hierarchy, target: string): MountStep {
  const { version, name, id } = hierarchy;
  if (version === 2)
    return { source: 'cgroup2', target, type: 'cgroup2', flags: SAFE | MS.RELATIME, data: '' };
  const data = name ? `none,name=${name}` : id;
  return { source: 'cgroup', target, type: 'cgroup', flags: SAFE | MS.RELATIME, data };
}

/** Links for controllers that share a hierarchy: cpu -> cpu,cpuacct. */
const links = ({ controllers, id }: Hierarchy): MountStep[] =>
  controllers.length < 2
    ? []
    : controllers.map((controller) => ({
        source: id,
        target: join(TOP, controller),
        type: 'symlink',
        flags: 0,
        data: '',
      }));

/**
 * The mounts of a `cgroup...` token of lxc.mount.auto, in order; /sys is there before. An init that has a cgroup
 * namespace and CAP_SYS_ADMIN mounts what it likes best by itself (systemd 252: cgroup2), so v1 and hybrid hosts leave
 * it to it, as LXC does; docs/cgroups.md tells what that comes to.
 *
 * With a cgroup namespace the stage must be in it already: what is mounted shows the inner cgroup as root. Without one
 * the inner cgroups of `plan` are bound.
 */
export function cgroupMounts(
  layout: CgroupLayout,
  options: CgroupMountOptions,
  plan?: CgroupPlan,
): MountStep[] {
  const { cgroupNamespace, sysAdmin, force } = options;
  const access = options.access ?? (sysAdmin ? 'rw' : 'mixed');
  if (layout.kind === 'unified') return unified(unifiedOf(layout)!, access, options, plan);
  if (cgroupNamespace && sysAdmin && !force) return [];
  const tmpfs = { source: 'tmpfs', target: TOP, type: 'tmpfs', flags: SAFE | MS.RELATIME, data: TMPFS };
  const mounts = layout.hierarchies.flatMap((hierarchy) => {
    const target = join(TOP, directoryOf(hierarchy));
    const steps = cgroupNamespace
      ? [mountOf(hierarchy, target), ...(access === 'ro' ? [readOnly(target)] : [])]
      : bound(hierarchy, target, access, options.full, plan);
    return [...steps, ...links(hierarchy)];
  });
  // The tmpfs last: nothing can be made in it afterwards.
  return [tmpfs, ...mounts, ...(access === 'rw' ? [] : [readOnly(TOP)])];
}

/** Always mounted on v2: inits that do not do it themselves (busybox, OpenRC) get it too. mixed is rw there. */
function unified(
  hierarchy: Hierarchy,
  access: CgroupAccess,
  { cgroupNamespace, full }: CgroupMountOptions,
  plan: CgroupPlan | undefined,
): MountStep[] {
  const steps = cgroupNamespace
    ? [mountOf(hierarchy, TOP)]
    : bindSteps(hierarchy, TOP, full ? hierarchy.mountpoint : innerOf(hierarchy, plan));
  return [...steps, ...(access === 'ro' ? [readOnly(TOP)] : [])];
}

const innerOf = (hierarchy: Hierarchy, plan: CgroupPlan | undefined) =>
  plan?.hierarchies.find(({ id }) => id === hierarchy.id)?.inner ?? hierarchy.mountpoint;

const bindSteps = (_hierarchy: Hierarchy, target: string, source: string): MountStep[] => [
  { source, target, type: '', flags: MS.BIND, data: '' },
];

/**
 * Without a cgroup namespace /proc/self/cgroup shows host paths, so the own cgroup appears at its host path below the
 * controller's directory. `full` shows the whole host hierarchy; never writable but for the own part (R: a guest that
 * writes above its own cgroup has left it).
 */
function bound(
  hierarchy: Hierarchy,
  target: string,
  access: CgroupAccess,
  full: boolean,
  plan: CgroupPlan | undefined,
): MountStep[] {
  const inner = innerOf(hierarchy, plan);
  const own = join(target, inner.slice(hierarchy.mountpoint.length));
  const writableOwn = access !== 'ro' && inner !== hierarchy.mountpoint;
  const ownSteps = [...bindSteps(hierarchy, own, inner), ...(writableOwn ? [] : [readOnly(own)])];
  if (!full) return ownSteps;
  return [...bindSteps(hierarchy, target, hierarchy.mountpoint), readOnly(target), ...ownSteps];
}
