import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { MS } from '../kernel/constants.ts';
import { type CgroupLayout, type Hierarchy, unifiedOf } from './layout.ts';
import type { CgroupPlan } from './plan.ts';

/** A step of mounting the cgroups into a container (the stage's MountStep fits). */
export interface CgroupMountStep {
  readonly what: string;
  /**
   * `readonly`: the mount at `target`, with all mounts below it, becomes read-only but for
   * `except`.
   */
  readonly kind: 'filesystem' | 'bind' | 'readonly';
  readonly source: string;
  /** Relative to the container's root. */
  readonly target: string;
  readonly fstype: string;
  /** MS.* bits. */
  readonly flags: number;
  readonly data: string;
  readonly propagation: number;
  readonly optional: boolean;
  readonly create?: 'dir';
  readonly except?: readonly string[];
}

export interface CgroupMountOptions {
  /** `auto` is the token without a suffix: rw if init keeps CAP_SYS_ADMIN, else mixed. */
  readonly mode: 'auto' | 'mixed' | 'ro' | 'rw';
  /**
   * `cgroup-full`: the host's whole hierarchies, where there is no cgroup namespace to hide them.
   */
  readonly full: boolean;
  /** `:force`: mount although init could do it itself. */
  readonly force: boolean;
  /** The `cgroup2` token: cgroup2 on every layout of the host. */
  readonly cgroup2?: boolean;
  readonly cgroupNamespace: boolean;
  /** Whether init keeps CAP_SYS_ADMIN. */
  readonly sysAdmin: boolean;
}

const TOP = 'sys/fs/cgroup';
const SAFE = MS.NOSUID | MS.NODEV | MS.NOEXEC | MS.RELATIME;
/** LXC's size. */
const TMPFS = 'mode=755,size=10240k';

function step(
  kind: CgroupMountStep['kind'],
  target: string,
  rest: Partial<CgroupMountStep> = {},
): CgroupMountStep {
  const what = kind === 'readonly' ? `make /${target} read-only` : `mount cgroups on /${target}`;
  const common = {
    what,
    kind,
    source: '',
    target,
    fstype: '',
    flags: 0,
    data: '',
    propagation: 0,
    optional: false,
  };
  return { ...common, ...(kind === 'readonly' ? {} : { create: 'dir' }), ...rest };
}

/**
 * mount(2)'s own words for a hierarchy; the caller's cgroup namespace decides what shows as its
 * root.
 */
function filesystem({ version, name, id }: Hierarchy, target: string): CgroupMountStep {
  if (version === 2) return step('filesystem', target, { source: 'cgroup2', fstype: 'cgroup2', flags: SAFE });
  const data = name ? `none,name=${name}` : id;
  return step('filesystem', target, { source: 'cgroup', fstype: 'cgroup', flags: SAFE, data });
}

/**
 * Names of a hierarchy below /sys/fs/cgroup. Controllers that share one (cpu,cpuacct) are looked
 * for under each of their names; hosts have links there, but another mount of the same hierarchy
 * does as well and needs no link.
 */
function namesOf({ version, name, id, controllers }: Hierarchy): string[] {
  if (version === 2) return ['unified'];
  return controllers.length > 1 ? [id, ...controllers] : [name ?? id];
}

/**
 * The mounts of a `cgroup...` token of lxc.mount.auto, in order; /sys is there before. An init that
 * has a cgroup namespace and CAP_SYS_ADMIN mounts what it likes best by itself (systemd 252:
 * cgroup2), so v1 and hybrid hosts leave it to it, as LXC does; docs/cgroups.md tells what that
 * comes to.
 *
 * With a cgroup namespace the stage must be in it already. Without one, mounting would show the
 * host's cgroups: the container's own, from `plan`, are bound instead.
 */
export function cgroupMounts(
  layout: CgroupLayout,
  options: CgroupMountOptions,
  plan?: CgroupPlan,
): CgroupMountStep[] {
  const { cgroupNamespace, sysAdmin, force } = options;
  const mode = options.mode === 'auto' ? (sysAdmin ? 'rw' : 'mixed') : options.mode;
  const unified = unifiedOf(layout);
  if (options.cgroup2 && !unified)
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message:
        'lxc.mount.auto: cgroup2, but this host has no cgroup2 mounted for the container to have a part of',
      hint: 'mount it on the host: mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified',
    });
  if (layout.kind === 'unified' || options.cgroup2) {
    const mounts = cgroupNamespace
      ? [filesystem(unified!, TOP)]
      : [
          step('bind', TOP, {
            source: options.full ? unified!.mountpoint : innerOf(unified!, plan),
            flags: SAFE,
          }),
        ];
    // Always mounted on v2: busybox and OpenRC do not do it themselves. mixed is rw there. The
    // whole host's: never rw.
    const readOnly = mode === 'ro' || (options.full && !cgroupNamespace);
    return [...mounts, ...(readOnly ? [step('readonly', TOP)] : [])];
  }
  if (cgroupNamespace && sysAdmin && !force) return [];

  const parts = layout.hierarchies.flatMap((hierarchy) =>
    namesOf(hierarchy).map((name) => part(hierarchy, join(TOP, name), options, plan)),
  );
  const tmpfs = step('filesystem', TOP, { source: 'tmpfs', fstype: 'tmpfs', flags: SAFE, data: TMPFS });
  const own = parts.map(({ own }) => own);
  const all = [tmpfs, ...parts.flatMap(({ steps }) => steps)];
  if (mode === 'ro') return [...all, step('readonly', TOP)];
  // Only the parts that are the container's own stay writable; with rw and nothing foreign in
  // sight, all does.
  const foreign = options.full && !cgroupNamespace;
  return mode === 'rw' && !foreign ? all : [...all, step('readonly', TOP, { except: own })];
}

/** The mounts of a hierarchy, and where the container's own part of it is. */
function part(
  hierarchy: Hierarchy,
  target: string,
  { cgroupNamespace, full }: CgroupMountOptions,
  plan: CgroupPlan | undefined,
): { steps: CgroupMountStep[]; own: string } {
  if (cgroupNamespace) return { steps: [filesystem(hierarchy, target)], own: target };
  // Without a namespace /proc/self/cgroup shows host paths: the own part appears at its host path.
  const inner = innerOf(hierarchy, plan);
  const own = join(target, inner.slice(hierarchy.mountpoint.length));
  const whole = step('bind', target, { source: hierarchy.mountpoint, flags: SAFE });
  const steps = [...(full ? [whole] : []), step('bind', own, { source: inner, flags: SAFE })];
  return { steps, own };
}

function innerOf({ id }: Hierarchy, plan: CgroupPlan | undefined): string {
  const planned = plan?.hierarchies.find((one) => one.id === id);
  if (planned) return planned.inner;
  throw new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `lxc.mount.auto: without a cgroup namespace the host's ${id} hierarchy would show inside`,
    hint: 'let the container have a cgroup namespace (lxc.namespace.clone/keep), or drop the cgroup token',
  });
}
