import { mapAll } from '../errors/map-all.ts';
import type { TslxcError } from '../errors/tslxc-error.ts';
import { type CgroupLayout, hierarchyOf, unifiedOf } from './layout.ts';
import { type CgroupSetting, fileOf, settingError } from './setting.ts';

/** The bits of bpf(2)'s device programs; v1 writes them as letters. */
export const ACCESS = { m: 1, r: 2, w: 4 } as const;
export const ALL_ACCESS = 7;

/** A line of devices.allow or devices.deny. Null is `*`. */
export interface DeviceRule {
  readonly allow: boolean;
  /** `a` forgets all rules before and makes its `allow` the default. */
  readonly type: 'a' | 'b' | 'c';
  readonly major: number | null;
  readonly minor: number | null;
  /** ACCESS bits. */
  readonly access: number;
}

/** What the rules come to. */
export interface DevicePolicy {
  readonly default: 'allow' | 'deny';
  /** Devices that are treated the other way. */
  readonly exceptions: readonly DeviceException[];
}

export interface DeviceException {
  readonly type: 'b' | 'c';
  readonly major: number | null;
  readonly minor: number | null;
  readonly access: number;
}

const LINE = /^(?:(a)(?:\s+\*:\*)?(?:\s+[rwm]{1,3})?|([bc])\s+(\d+|\*):(\d+|\*)\s+([rwm]{1,3}))$/;

/** Reads `c 1:3 rwm`, `b *:* m`, `a`; undefined for anything else. */
export function parseDeviceRule(allow: boolean, text: string): DeviceRule | undefined {
  const match = LINE.exec(text.trim());
  if (!match) return undefined;
  const [, all, type, major, minor, letters = ''] = match;
  if (all) return { allow, type: 'a', major: null, minor: null, access: ALL_ACCESS };
  const number = (digits: string) => (digits === '*' ? null : Number(digits));
  const rule = { allow, type: type as 'b' | 'c', major: number(major!), minor: number(minor!) };
  // 12 bits and 20 bits are all that a dev_t has.
  if ((rule.major ?? 0) > 0xfff || (rule.minor ?? 0) > 0xfffff) return undefined;
  let access = 0;
  for (const letter of letters) access |= ACCESS[letter as keyof typeof ACCESS];
  return { ...rule, access };
}

const letters = (access: number) => [...'rwm'].filter((l) => access & ACCESS[l as 'r' | 'w' | 'm']).join('');

/** The exception as v1 writes it and as devices.list shows it. */
export const deviceLine = ({ type, major, minor, access }: DeviceException) =>
  `${type} ${major ?? '*'}:${minor ?? '*'} ${letters(access)}`;

/** What devices.list would show: v1's text for "everything" is one line. */
export function deviceList(policy: DevicePolicy): string {
  // v1 shows an allow-by-default cgroup as this one line too: the exceptions cannot be read back
  // there.
  if (policy.default === 'allow') return 'a *:* rwm';
  return policy.exceptions.map(deviceLine).join('\n');
}

/**
 * The device rules of a config, in order. Of a config that has rules in both spellings (LXC's
 * common.conf did) only those in the host's own are taken: the others are the same list for the
 * other kind of host.
 * @param passedOver told about the rest of a line behind its rule, which the v1 kernel passes
 * over as well; may throw
 */
export function deviceRules(
  settings: readonly CgroupSetting[],
  layout: CgroupLayout,
  passedOver: (what: TslxcError) => void = (what) => {
    throw what;
  },
): DeviceRule[] {
  const found = settings.flatMap((setting) => {
    const named = fileOf(setting.key);
    const verb = /^devices\.(allow|deny|[^.]*)$/.exec(named?.file ?? '')?.[1];
    if (!named || verb === undefined) return [];
    if (verb !== 'allow' && verb !== 'deny')
      throw settingError('CGROUP_VALUE', setting, 'only devices.allow and devices.deny can be set');
    if (setting.value === '') return [];
    return [{ setting, spelling: named.spelling, allow: verb === 'allow' }];
  });
  if (found.length === 0) return [];
  const host = hierarchyOf(layout, 1, 'devices') ? 1 : 2;
  if (host === 2 && !unifiedOf(layout)) {
    const why =
      'this host has neither the devices controller nor a v2 hierarchy to attach a device program to';
    throw settingError('CONTROLLER_MISSING', found[0]!.setting, why);
  }
  // Also those of the other kind have to be right: they may be the ones that were edited.
  const rules = mapAll(found, ({ setting, spelling, allow }) => ({
    spelling,
    rule: ruleOf(setting, allow, passedOver),
  }));
  const native = rules.filter(({ spelling }) => spelling === host);
  const used = native.length > 0 ? native : rules;
  return impliedDeny(
    used[0]!.spelling,
    used.map(({ rule }) => rule),
  );
}

/** The kernel reads three letters of access and no further; after fewer there may be a comment. */
const RULE_AND_REST = /^(a|[bc]\s+\S+\s+(?:[rwm]{3}(?=.)|[rwm]{1,2}(?=\s+#)))(.+)$/;

function ruleOf(setting: CgroupSetting, allow: boolean, passedOver: (what: TslxcError) => void): DeviceRule {
  const rule = parseDeviceRule(allow, setting.value);
  if (rule) return rule;
  const [, first = '', rest = ''] = RULE_AND_REST.exec(setting.value) ?? [];
  const shortened = parseDeviceRule(allow, first);
  if (shortened) {
    passedOver(settingError('CGROUP_VALUE', setting, `"${rest.trim()}" is passed over`));
    return shortened;
  }
  throw settingError('CGROUP_VALUE', setting, 'expected "a", or TYPE MAJOR:MINOR ACCESS as in "c 1:3 rwm"');
}

/**
 * v1 starts from "all allowed", so that an `allow` alone says nothing there. On v2 LXC starts from
 * "all denied", and configs with lxc.cgroup2 keys rely on it: taking those for empty would open
 * what they mean to close.
 */
function impliedDeny(spelling: 1 | 2, rules: DeviceRule[]): DeviceRule[] {
  const first = rules[0]!;
  if (spelling === 1 || !first.allow || first.type === 'a') return rules;
  return [{ allow: false, type: 'a', major: null, minor: null, access: ALL_ACCESS }, ...rules];
}

const sameDevice = (a: DeviceException, b: DeviceException) =>
  a.type === b.type && a.major === b.major && a.minor === b.minor;

/**
 * The state that v1's kernel code arrives at (security/device_cgroup.c), used on both versions so
 * that one list means one thing: an exception is only taken back by a rule for the very same
 * device.
 */
export function reduceRules(rules: readonly DeviceRule[]): DevicePolicy {
  let byDefault: 'allow' | 'deny' = 'allow';
  let exceptions: DeviceException[] = [];
  for (const { allow, type, major, minor, access } of rules) {
    if (type === 'a') {
      byDefault = allow ? 'allow' : 'deny';
      exceptions = [];
      continue;
    }
    const rule = { type, major, minor, access };
    const known = exceptions.find((exception) => sameDevice(exception, rule));
    const adds = allow !== (byDefault === 'allow');
    const bits = adds ? (known?.access ?? 0) | access : (known?.access ?? 0) & ~access;
    if (known) exceptions = exceptions.map((e) => (e === known ? { ...e, access: bits } : e));
    else if (adds) exceptions.push(rule);
    exceptions = exceptions.filter((exception) => exception.access !== 0);
  }
  return { default: byDefault, exceptions };
}
