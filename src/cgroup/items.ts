import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { NoCounterpart } from './conversions.ts';
import { deviceList, parseDeviceRule, reduceRules } from './device-rules.ts';
import { applyDevices } from './devices.ts';
import { readFile } from './files.ts';
import type { Hierarchy } from './layout.ts';
import { applyLimits, type CgroupNote } from './limits.ts';
import { type CgroupPlan, layoutOf, type PlannedHierarchy, v1Of } from './plan.ts';
import { READINGS } from './readings.ts';
import { type CgroupSetting, fileOf, settingError } from './setting.ts';
import { spellingOf, translate } from './translate.ts';
import { matchFile, nearestCgroupKey, TRANSLATIONS } from './translation-table.ts';

/** `memory.max`, `lxc.cgroup2.memory.max`: people give either. */
const fileName = (key: string) => fileOf(key)?.file ?? key;

const limitOf = (plan: CgroupPlan, hierarchy: Hierarchy): PlannedHierarchy =>
  plan.hierarchies.find(({ id }) => id === hierarchy.id)!;

/** A file as the host has it, in any hierarchy. */
function readNative(plan: CgroupPlan, file: string): string | undefined {
  const controller = file.split('.', 1)[0]!;
  for (const { version, controllers, limit } of plan.hierarchies) {
    if (version === 1 && !controllers.includes(controller)) continue;
    const text = readFile(join(limit, file));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The value of the other spelling, converted. */
function readTranslated(plan: CgroupPlan, file: string): string | undefined {
  const read = (name: string) => readNative(plan, name);
  const reading = READINGS[file]?.(read);
  if (reading !== undefined) return reading;
  for (const row of TRANSLATIONS) {
    for (const [own, other, convert] of [
      [row.v1, row.v2, row.toV1],
      [row.v2, row.v1, row.toV2],
    ] as const) {
      const star = matchFile(own, file);
      const text = star === undefined || other === null ? undefined : read(other.replace('*', star));
      if (text === undefined || !convert) continue;
      const converted = convert(text, (...names) => names.map(read).find((t) => t !== undefined), star!)[0];
      if (converted?.file) return converted.value;
    }
  }
  return undefined;
}

/**
 * What a cgroup file of the container says, asked for in either spelling: `memory.usage_in_bytes`
 * on a v2 host is answered from memory.current. The limits are those in force, not those that the
 * container sees of itself.
 */
export function getItem(plan: CgroupPlan, key: string): string {
  const file = fileName(key);
  if (!/^[A-Za-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(file))
    throw new TslxcError({ code: 'CGROUP_VALUE', message: `"${file}" is no name of a cgroup file` });
  if (file === 'devices.list' && !v1Of(plan, 'devices')) return deviceList(reduceRules(plan.devices));
  try {
    const text = readNative(plan, file) ?? readTranslated(plan, file);
    if (text !== undefined) return text;
  } catch (error) {
    if (!(error instanceof NoCounterpart)) throw error;
    throw new TslxcError({
      code: 'CGROUP_UNTRANSLATABLE',
      message: `${file}: ${error.message}`,
      cause: error,
    });
  }
  const controller = file.split('.', 1)[0]!;
  const there = plan.hierarchies.some(({ controllers }) => controllers.includes(controller));
  const nearest = nearestCgroupKey(`lxc.cgroup2.${file}`)?.replace('lxc.cgroup2.', '');
  throw new TslxcError({
    hint: nearest && `did you mean ${nearest}?`,
    code: there || controller === 'cgroup' ? 'CGROUP_UNTRANSLATABLE' : 'CONTROLLER_MISSING',
    message: `${file}: the cgroups of the container have no such file, and no other that says the same`,
  });
}

/**
 * The config key for a file: as given, else in the spelling that knows the file, or this host's.
 */
export function configKeyOf(plan: CgroupPlan, key: string): string {
  if (fileOf(key)) return key;
  const spelling = spellingOf({ spelling: layoutOf(plan).kind === 'unified' ? 2 : 1, file: key });
  return `lxc.cgroup${spelling === 2 ? '2' : ''}.${key}`;
}

/**
 * Sets a limit of a running container, in either spelling. Returned are what the kernel took
 * otherwise, and the plan with the device rules now in force: keep it instead of the old one.
 */
export function setItem(
  kernel: Kernel,
  plan: CgroupPlan,
  key: string,
  value: string,
): { notes: CgroupNote[]; plan: CgroupPlan } {
  const layout = layoutOf(plan);
  const setting: CgroupSetting = { key: configKeyOf(plan, key), value };
  const verb = /^devices\.(allow|deny)$/.exec(fileName(setting.key))?.[1];
  if (verb) {
    const rule = parseDeviceRule(verb === 'allow', value);
    if (!rule) throw settingError('CGROUP_VALUE', setting, 'expected "a", or TYPE MAJOR:MINOR ACCESS');
    const changed = { ...plan, devices: [...plan.devices, rule] };
    return { notes: applyDevices(kernel, changed, plan.devices), plan: changed };
  }
  const current = (hierarchy: Hierarchy, file: string) =>
    readFile(join(limitOf(plan, hierarchy).limit, file));
  const writes = translate([setting], layout, { current });
  if (writes.length === 0) throw settingError('CGROUP_VALUE', setting, 'not a file that can be written');
  return { notes: applyLimits(plan, writes), plan };
}
