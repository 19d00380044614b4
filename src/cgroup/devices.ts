import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { attachDevicePolicy } from './device-program.ts';
import {
  type DeviceException,
  type DevicePolicy,
  type DeviceRule,
  deviceLine,
  deviceList,
  parseDeviceRule,
  reduceRules,
} from './device-rules.ts';
import { errnoOf, readFile, writeEach } from './files.ts';
import type { CgroupNote } from './limits.ts';
import { type CgroupPlan, v1Of, v2Of } from './plan.ts';
import { bottomUp } from './subtree.ts';

/**
 * Puts the plan's device rules in force: by the v1 devices controller where the host has it, else
 * by a program on the v2 cgroup. A start does this after the container's /dev is made. @param
 * before the rules in force before a live change @returns a note for each rule that a cgroup above
 * does not allow
 */
export function applyDevices(
  kernel: Kernel,
  plan: CgroupPlan,
  before: readonly DeviceRule[] = [],
): CgroupNote[] {
  if (plan.devices.length === 0 && before.length === 0) return [];
  const target = reduceRules(plan.devices);
  const controller = v1Of(plan, 'devices');
  if (controller) return applyV1(controller.limit, target, reduceRules(before));
  const unified = v2Of(plan);
  if (!unified) {
    throw new TslxcError({
      code: 'CONTROLLER_MISSING',
      message: 'device rules need the devices controller or a v2 hierarchy, and the container is in neither',
      step: 'apply device rules',
    });
  }
  try {
    attachDevicePolicy(kernel, unified.limit, target);
  } catch (error) {
    throw failed(`the device program was refused for ${unified.limit}`, error);
  }
  return [];
}

function failed(what: string, error: unknown): TslxcError {
  const errno = errnoOf(error);
  return new TslxcError({
    code: 'CGROUP_VALUE',
    message: `${what} (${errno ?? (error as Error).message})`,
    step: 'apply device rules',
    errno,
    ...(errno === 'EPERM' ? { hint: 'loading device programs needs root on the host' } : {}),
    cause: error,
  });
}

/**
 * devices.list as exceptions; null when everything is allowed (v1 does not show denied devices).
 */
function readList(limit: string): DeviceException[] | null {
  const lines = (readFile(join(limit, 'devices.list')) ?? '').split('\n').filter(Boolean);
  const rules = lines.flatMap((line) => parseDeviceRule(true, line) ?? []);
  if (rules.some(({ type }) => type === 'a')) return null;
  return rules.map(({ type, major, minor, access }) => ({ type: type as 'b' | 'c', major, minor, access }));
}

/** What of `wanted` is not in `present`. */
function missing(wanted: readonly DeviceException[], present: readonly DeviceException[]): DeviceException[] {
  return wanted.flatMap((one) => {
    const there = present.find((e) => e.type === one.type && e.major === one.major && e.minor === one.minor);
    const access = one.access & ~(there?.access ?? 0);
    return access === 0 ? [] : [{ ...one, access }];
  });
}

const EVERYTHING: DeviceException[] = (['b', 'c'] as const).map((type) => ({
  type,
  major: null,
  minor: null,
  access: 7,
}));

/**
 * The kernel copies a v1 list when a cgroup is made, hands denials down to those below, and
 * but no permissions: so permissions are written into those below as well, but for cgroups that
 * the guest has restricted itself. Allowing comes first, so that nothing that stays allowed is
 * denied for a moment.
 */
function applyV1(limit: string, target: DevicePolicy, before: DevicePolicy): CgroupNote[] {
  const followers = followersOf(limit);
  const listed = readList(limit);
  if (listed === null) {
    if (target.default === 'deny') throw impossible(limit, 'denied by default');
    const allowed = missing(before.exceptions, target.exceptions);
    for (const directory of [limit, ...followers]) put(directory, 'allow', allowed);
    put(limit, 'deny', missing(target.exceptions, before.exceptions));
    return [];
  }
  if (target.default === 'allow' && target.exceptions.length > 0)
    throw impossible(limit, 'allowed by default');
  const wanted = target.default === 'allow' ? EVERYTHING : target.exceptions;
  const refused = put(limit, 'allow', missing(wanted, listed), 'EPERM');
  put(limit, 'deny', missing(listed, wanted));
  for (const directory of followers) put(directory, 'allow', wanted, 'EPERM');
  return refused.map((one) => ({
    key: 'devices.allow',
    asked: deviceLine(one),
    effective: deviceList({ default: 'deny', exceptions: readList(limit) ?? EVERYTHING }),
    why: 'the cgroup above does not allow it',
  }));
}

/** The cgroups below that have the very list of the limit cgroup, parents first. */
function followersOf(limit: string): string[] {
  const listOf = (directory: string) =>
    readFile(join(directory, 'devices.list'))?.split('\n').sort().join('\n');
  const own = listOf(limit);
  const found: string[] = [];
  bottomUp(limit, (path) => {
    if (path !== limit && listOf(path) === own) found.push(path);
  });
  return found.reverse();
}

/**
 * @param tolerated an errno that is no failure
 * @returns what was refused with it
 */
function put(
  directory: string,
  verb: 'allow' | 'deny',
  exceptions: readonly DeviceException[],
  tolerated?: string,
): DeviceException[] {
  const file = join(directory, `devices.${verb}`);
  const refused: DeviceException[] = [];
  const lines = exceptions.map(deviceLine);
  writeEach(file, lines, (index, error) => {
    if (tolerated === undefined || errnoOf(error) !== tolerated)
      throw failed(`"${lines[index]}" was refused by ${file}`, error);
    refused.push(exceptions[index]!);
  });
  return refused;
}

function impossible(limit: string, wanted: string): TslxcError {
  return new TslxcError({
    code: 'CGROUP_VALUE',
    message: `${limit}: the kernel cannot change to "${wanted}" while the container has cgroups below (v1 devices)`,
    step: 'apply device rules',
    hint: 'set the rules in the config and start the container again',
  });
}
