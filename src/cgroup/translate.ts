import { mapAll } from '../errors/map-all.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import {
  BadValue,
  type Converted,
  type Implied,
  NoCounterpart,
  type Others,
  type Row,
} from './conversions.ts';
import { type CgroupLayout, type Hierarchy, hierarchyOf, unifiedOf } from './layout.ts';
import { type CgroupSetting, fileOf, settingError } from './setting.ts';
import { matchFile, NO_COUNTERPART, nearestCgroupKey, TRANSLATIONS } from './translation-table.ts';

/** A write into the cgroup of a container. */
export interface CgroupWrite {
  /** Id of the hierarchy (`memory`, `cpu,cpuacct`, `unified`). */
  readonly hierarchy: string;
  /** Controller under its name in that hierarchy; `cgroup` for v2's core files. */
  readonly controller: string;
  /** Null: nothing is written, `note` says why nothing need be. */
  readonly file: string | null;
  readonly value: string;
  readonly otherwise?: { readonly file: string; readonly value: string };
  readonly note?: string;
  readonly setting: CgroupSetting;
}

/** v1's names of controllers in v2; `cgroup` is the core, which every v2 hierarchy has. */
const TO_V2: Record<string, string> = {
  blkio: 'io',
  freezer: 'cgroup',
  cpuacct: 'cgroup',
  devices: 'cgroup',
};
const TO_V1: Record<string, string> = { io: 'blkio', cgroup: 'freezer' };

/** Files of which each line is a setting of its own: a later write adds to an earlier one. */
const KEYED = /^(io\.|rdma\.|misc\.|net_prio\.ifpriomap|cgroup\.subtree_control)|_device$/;

/** What the kernel wants before what: everything else keeps the order of the config. */
const FIRST = [
  'cpuset.cpus',
  'cpuset.mems',
  'memory.max',
  'memory.limit_in_bytes',
  'memory.memsw.limit_in_bytes',
  'cpu.cfs_period_us',
];

interface Place {
  readonly hierarchy: Hierarchy;
  readonly controller: string;
}

/** The controller of a file: what stands before the first point. */
const controllerOf = (file: string) => file.split('.', 1)[0]!;

function place(layout: CgroupLayout, version: 1 | 2, controller: string): Place | undefined {
  const hierarchy =
    version === 2 && controller === 'cgroup' ? unifiedOf(layout) : hierarchyOf(layout, version, controller);
  return hierarchy && { hierarchy, controller };
}

/** Where a file's controller is, in the version of its spelling or in the other one. */
function locate(layout: CgroupLayout, spelling: 1 | 2, file: string): Place | undefined {
  const own = controllerOf(file);
  const other = (spelling === 1 ? TO_V2 : TO_V1)[own] ?? own;
  return place(layout, spelling, own) ?? place(layout, spelling === 1 ? 2 : 1, other);
}

function rowOf(version: 1 | 2, file: string): { row: Row; star: string } | undefined {
  for (const row of TRANSLATIONS) {
    const star = matchFile(version === 1 ? row.v1 : row.v2, file);
    if (star !== undefined) return { row, star };
  }
  return undefined;
}

/**
 * The file's name decides (people mix the prefixes up); the prefix does for names that both or
 * neither know.
 */
export function spellingOf({ spelling, file }: { spelling: 1 | 2; file: string }): 1 | 2 {
  const [one, two] = [rowOf(1, file) !== undefined, rowOf(2, file) !== undefined];
  if (one !== two) return one ? 1 : 2;
  return spelling;
}

export interface TranslateOptions {
  readonly current?: (hierarchy: Hierarchy, file: string) => string | undefined;
  readonly meaningless?: (what: TslxcError) => void;
}

function refuse(what: TslxcError): never {
  throw what;
}

/** Controllers that keep a container within bounds. */
const BOUNDS = new Set(['memory', 'cpu', 'cpuset', 'pids', 'io', 'blkio', 'hugetlb', 'devices']);

/** Whether this host has nothing for a setting and no bound is lost. A misspelt key is an error. */
function isMeaningless({ code, hint }: TslxcError, { key }: CgroupSetting): boolean {
  const { file } = fileOf(key)!;
  if (code === 'CGROUP_UNTRANSLATABLE') return !hint?.startsWith('did you mean');
  return code === 'CONTROLLER_MISSING' && !BOUNDS.has(controllerOf(file)) && !nearestCgroupKey(key);
}

interface Resolved extends CgroupWrite {
  /** In the spelling of this host: it wins over a translated one for the same file. */
  readonly native: boolean;
}

/**
 * Turns `lxc.cgroup.*` and `lxc.cgroup2.*` settings into writes for a layout, from any spelling
 * they are in. Pure.
 *
 * - Of a file that is set more than once the last one counts, and one in the host's own spelling
 *   before a translated one (configs for both kinds of host set both). Files with a line for each
 *   device keep all.
 * - `devices.*` is not for files alone: see device-rules.ts.
 * - `current` answers the values in force for files (of either version) that the settings do not
 *   mention.
 * - `meaningless` is told about settings that this host has nothing for, which are left out. It may
 *   throw; where it is not given they are thrown.
 * @throws TslxcError the first fault, with all others along
 */
export function translate(
  settings: readonly CgroupSetting[],
  layout: CgroupLayout,
  { current = () => undefined, meaningless = refuse }: TranslateOptions = {},
): CgroupWrite[] {
  const others = othersOf(settings, layout, current);
  const resolved = mapAll(settings, (setting) => {
    try {
      return resolve(setting, layout, others);
    } catch (error) {
      if (!(error instanceof TslxcError) || !isMeaningless(error, setting)) throw error;
      meaningless(error);
      return [];
    }
  });
  const kept = thatCount(resolved.flat());
  const rank = (write: CgroupWrite) => {
    const at = FIRST.indexOf(write.file ?? '');
    return at < 0 ? FIRST.length : at;
  };
  return kept.sort((a, b) => rank(a) - rank(b)).map(({ native: _native, ...write }) => write);
}

/**
 * The writes that count for a file, in order. Native writes come before translated ones; the last
 * one counts, or all where each line of the file is a setting of its own.
 */
function thatCount(writes: readonly Resolved[]): Resolved[] {
  const winners = new Map<string, { native: boolean; last: Resolved }>();
  const placeOf = ({ hierarchy, file }: Resolved) => `${hierarchy}\0${file}`;
  for (const write of writes) {
    const known = winners.get(placeOf(write));
    if (known === undefined || write.native || !known.native)
      winners.set(placeOf(write), { native: write.native || (known?.native ?? false), last: write });
  }
  return writes.filter((write) => {
    if (write.file === null) return true;
    const { native, last } = winners.get(placeOf(write))!;
    return KEYED.test(write.file) ? write.native === native : write === last;
  });
}

interface LastValue {
  readonly index: number;
  readonly value: string;
}

/**
 * Looks other settings up: one in the host's spelling first, then the last one, then the value in
 * force.
 */
function othersOf(
  settings: readonly CgroupSetting[],
  layout: CgroupLayout,
  current: (hierarchy: Hierarchy, file: string) => string | undefined,
): Others {
  const isNative = (key: string) => {
    const named = fileOf(key)!;
    return place(layout, spellingOf(named), controllerOf(named.file)) !== undefined;
  };
  /** The last value for each file, and the line that sets it. Native settings come first. */
  const last = { native: new Map<string, LastValue>(), any: new Map<string, LastValue>() };
  for (const [index, { key, value }] of settings.entries()) {
    const file = fileOf(key)?.file;
    if (file === undefined || value === '') continue;
    last.any.set(file, { index, value });
    if (isNative(key)) last.native.set(file, { index, value });
  }
  const latest = (of: ReadonlyMap<string, LastValue>, files: readonly string[]) =>
    files
      .flatMap((file) => of.get(file) ?? [])
      .sort((one, other) => one.index - other.index)
      .at(-1)?.value;
  return (...files) => {
    const set = latest(last.native, files) ?? latest(last.any, files);
    if (set !== undefined) return set;
    for (const file of files) {
      for (const version of [1, 2] as const) {
        const where = rowOf(version, file) && place(layout, version, controllerOf(file));
        const value = where && current(where.hierarchy, file);
        if (value !== undefined) return value.trim();
      }
    }
    return undefined;
  };
}

function resolve(setting: CgroupSetting, layout: CgroupLayout, others: Others): Resolved[] {
  const named = fileOf(setting.key);
  if (!named || controllerOf(named.file) === 'devices') return [];
  const { file } = named;
  if (file.includes('/') || file.includes('\0') || !file.includes('.'))
    throw settingError('CGROUP_VALUE', setting, `"${file}" is no name of a cgroup file`);
  const spelling = spellingOf(named);
  const found = locate(layout, spelling, file);
  if (!found) throw missingController(setting, layout, controllerOf(file));
  const version = found.hierarchy.version;
  const common = { hierarchy: found.hierarchy.id, controller: found.controller, setting };
  const known = rowOf(spelling, file) ?? rowOf(version, file);
  try {
    // A name that both versions know (pids.max) is native wherever the controller is.
    if (version === spelling || rowOf(version, file)) {
      const value = known?.row.tidy ? known.row.tidy(setting.value, version) : setting.value;
      const otherwise = version === 1 ? withoutCfq(file, value) : undefined;
      return [
        { ...common, file, value, ...(otherwise ? { otherwise } : {}), native: named.spelling === version },
      ];
    }
    const conversion = version === 1 ? known?.row.toV1 : known?.row.toV2;
    if (!conversion) throw new NoCounterpart(whyNot(spelling, file, version));
    return conversion(setting.value, others, known!.star).map((converted: Converted | Implied) => ({
      ...common,
      ...converted,
      value: converted.file === null ? setting.value : converted.value,
      native: false,
    }));
  } catch (error) {
    if (error instanceof BadValue)
      throw settingError('CGROUP_VALUE', setting, error.message, { cause: error });
    if (error instanceof NoCounterpart) throw untranslatable(setting, spelling, version, error.message);
    throw error;
  }
}

/** blkio.weight went with CFQ in Linux 5.0; BFQ's knob has the scale of io.weight. */
function withoutCfq(file: string, value: string): { file: string; value: string } | undefined {
  if (!/^blkio\.weight(_device)?$/.test(file)) return undefined;
  const bfq = rowOf(1, file)?.row.toV2?.(value, () => undefined, '')[0];
  if (!bfq?.file) return undefined;
  return { file: file.replace('blkio.', 'blkio.bfq.'), value: bfq.otherwise?.value ?? bfq.value };
}

function whyNot(spelling: 1 | 2, file: string, version: 1 | 2): string {
  const known = NO_COUNTERPART.find((row) => row.version === spelling && row.file.test(file));
  return known?.why ?? `v${version} has no file with its meaning`;
}

function untranslatable(setting: CgroupSetting, spelling: 1 | 2, version: 1 | 2, why: string) {
  const { file } = fileOf(setting.key)!;
  const controller = controllerOf(file);
  const nearest = rowOf(spelling, file) ? undefined : nearestCgroupKey(setting.key);
  if (nearest)
    return settingError('CGROUP_UNTRANSLATABLE', setting, `there is no cgroup file ${file}`, {
      hint: `did you mean ${nearest}?`,
    });
  return settingError(
    'CGROUP_UNTRANSLATABLE',
    setting,
    `a cgroup v${spelling} file, and this host has the ${controller} controller in v${version}: ${why}`,
    { hint: 'remove the key, or see docs/cgroups.md for what can be translated' },
  );
}

function missingController(setting: CgroupSetting, layout: CgroupLayout, controller: string) {
  const there = layout.hierarchies.flatMap((h) => (h.controllers.length > 0 ? h.controllers : []));
  return settingError('CONTROLLER_MISSING', setting, `this host has no ${controller} controller`, {
    hint: `the controllers that it has: ${[...new Set(there)].sort().join(', ') || 'none'}`,
  });
}
