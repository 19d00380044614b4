/**
 * The places of a container's cgroups and the values set on them, as its config and the system file
 * say.
 */
import type { Naming, PlanOptions } from '../../cgroup/container-cgroup.ts';
import { type DeviceRule, deviceRules } from '../../cgroup/device-rules.ts';
import type { CgroupLayout } from '../../cgroup/layout.ts';
import { type CgroupWrite, translate } from '../../cgroup/translate.ts';
import type { ContainerSpec } from '../../config/container-spec.ts';
import type { SystemConfig } from '../../config/system-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { PassedOver } from './passed-over.ts';

/** What the system file says of cgroups. */
export interface CgroupDefaults {
  readonly pattern?: string;
  readonly naming?: Naming;
  readonly use?: readonly string[];
}

/** Plain data: it is saved with the plan. */
export type CgroupPlacement = Pick<
  PlanOptions,
  'dir' | 'relative' | 'container' | 'inner' | 'monitor' | 'pivot' | 'pattern' | 'naming' | 'use'
>;

export interface CgroupsOfConfig {
  readonly limits: readonly CgroupWrite[];
  readonly devices: readonly DeviceRule[];
  readonly cgroup: CgroupPlacement;
}

/**
 * @throws TslxcError CONTROLLER_MISSING for a controller in `lxc.cgroup.use` that the host does not
 *   have
 */
export function cgroupDefaults(system: SystemConfig, layout: CgroupLayout): CgroupDefaults {
  const pattern = system.get('lxc.cgroup.pattern');
  const use = system
    .get('lxc.cgroup.use')
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const there = layout.hierarchies.flatMap(({ name, controllers }) =>
    name ? [`name=${name}`] : controllers,
  );
  const absent = use?.find((name) => !there.includes(name));
  if (absent !== undefined)
    throw new TslxcError({
      code: 'CONTROLLER_MISSING',
      message: `lxc.cgroup.use names the controller ${absent}, which this host does not have`,
      ...system.origin('lxc.cgroup.use'),
      hint: `the controllers that it has: ${[...new Set(there)].sort().join(', ')}`,
    });
  const naming = system.get('lxc.cgroup.naming') === 'lxc' ? { naming: 'lxc' as const } : {};
  return { ...(pattern ? { pattern } : {}), ...naming, ...(use ? { use } : {}) };
}

const PLACES = {
  dir: 'lxc.cgroup.dir',
  container: 'lxc.cgroup.dir.container',
  inner: 'lxc.cgroup.dir.container.inner',
  monitor: 'lxc.cgroup.dir.monitor',
  pivot: 'lxc.cgroup.dir.monitor.pivot',
} as const;

/**
 * @throws TslxcError CONFIG_CONFLICT, CGROUP_VALUE, CGROUP_UNTRANSLATABLE, CONTROLLER_MISSING, with
 *   file and line
 */
export function planCgroups(
  config: ContainerSpec,
  layout: CgroupLayout,
  defaults: CgroupDefaults,
  passedOver: PassedOver,
): CgroupsOfConfig {
  const settings = config.cgroupSettings();
  return {
    limits: translate(settings, layout, {
      meaningless: (what) => passedOver(what, 'the line has no effect'),
    }),
    devices: deviceRules(settings, layout, passedOver),
    cgroup: placement(config, defaults),
  };
}

function placement(config: ContainerSpec, defaults: CgroupDefaults): CgroupPlacement {
  const dir = config.get('lxc.cgroup.dir');
  const exact = config.get('lxc.cgroup.dir.container') ?? config.get('lxc.cgroup.dir.monitor');
  if (dir && exact)
    throw new TslxcError({
      code: 'CONFIG_CONFLICT',
      message: `${exact.key} cannot be set together with ${dir.key} (${dir.origin.file}:${dir.origin.line})`,
      ...exact.origin,
      hint: 'the one names a cgroup, the other a place to make cgroups in: remove one of them',
    });
  const said = Object.entries(PLACES).flatMap(([name, key]) => {
    const value = config.get(key)?.value;
    return value === undefined ? [] : [[name, value]];
  });
  const relative = Boolean(config.get('lxc.cgroup.relative')?.value);
  return { ...defaults, ...Object.fromEntries(said), ...(relative ? { relative } : {}) };
}
