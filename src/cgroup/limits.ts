import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TslxcError } from '../errors/tslxc-error.ts';
import { children, errnoOf, readFile, writeFile } from './files.ts';
import { words } from './layout.ts';
import { contradictions } from './limit-conflicts.ts';
import { type CgroupPlan, LEFT_OUT, type PlannedHierarchy } from './plan.ts';
import { fileOf, settingError } from './setting.ts';
import { clearQuotasBelow, showLimits, type TakenLimit } from './shown-limits.ts';
import { bottomUp } from './subtree.ts';
import type { CgroupWrite } from './translate.ts';
import { nearestCgroupKey } from './translation-table.ts';
import { listText, parseBytes, parseList, readAmount } from './values.ts';

/** Something that the kernel took otherwise than it was asked for. */
export interface CgroupNote {
  /** The key as configured. */
  readonly key: string;
  /** File of the cgroup that was written; absent when nothing was. */
  readonly file?: string;
  readonly asked: string;
  readonly effective: string;
  readonly why?: string;
}

/** Files that are written but say something else, or nothing, when read. */
const WRITE_ONLY =
  /^(devices\.(allow|deny)|cgroup\.kill|cgroup\.subtree_control|memory\.(force_empty|reclaim)|.*reset.*)$/;

/** Where the kernel shows what counts, when that is another file than the one written. */
const EFFECTIVE: Record<string, string> = {
  'cpuset.cpus': 'cpuset.cpus.effective',
  'cpuset.mems': 'cpuset.mems.effective',
};

/**
 * Writes the limits into the container's limit cgroups, reads each back, and returns what came out
 * otherwise. The first that is refused is thrown, with key, line and reason. Device rules are not
 * here: see devices.ts.
 */
export function applyLimits(plan: CgroupPlan, writes: readonly CgroupWrite[]): CgroupNote[] {
  const [fault] = limitFaults(plan, writes);
  if (fault) throw fault;
  const notes: CgroupNote[] = [];
  const taken: TakenLimit[] = [];
  for (const write of writes) {
    const key = write.setting.key;
    if (write.file === null) {
      notes.push({
        key,
        asked: write.setting.value,
        effective: 'implied',
        ...(write.note ? { why: write.note } : {}),
      });
      continue;
    }
    const hierarchy = hierarchyOf(plan, write)!;
    const { file, value } = present(hierarchy, write);
    try {
      writeLimit(hierarchy, file, value);
    } catch (error) {
      throw refused(hierarchy, write, file, value, error);
    }
    taken.push({ hierarchy, file, value });
    const note = readBack(hierarchy, write, file, value);
    if (note) notes.push(note);
  }
  showLimits(taken);
  return notes;
}

function writeLimit(hierarchy: PlannedHierarchy, file: string, value: string): void {
  const { limit, version } = hierarchy;
  if (version === 1 && /^cpuset\.(cpus|mems)$/.test(file)) {
    writeCpuset(hierarchy, file, value);
    return;
  }
  try {
    writeFile(join(limit, file), value);
  } catch (error) {
    if (!file.startsWith('cpu.cfs_') || errnoOf(error) !== 'EINVAL') throw error;
    clearQuotasBelow(limit);
    writeFile(join(limit, file), value);
  }
}

const hierarchyOf = (plan: CgroupPlan, write: CgroupWrite) =>
  plan.hierarchies.find(({ id }) => id === write.hierarchy);

/**
 * Limits of controllers that the plan leaves out, and those that contradict each other: known
 * before anything is made.
 */
export function limitFaults(plan: CgroupPlan, writes: readonly CgroupWrite[]): TslxcError[] {
  const leftOut = writes.flatMap((write) => {
    const hierarchy = write.file === null ? undefined : hierarchyOf(plan, write);
    if (write.file === null) return [];
    if (!hierarchy) return [notInPlan(plan, write)];
    const there = hierarchy.version === 1 || [...hierarchy.controllers, 'cgroup'].includes(write.controller);
    return there ? [] : [settingError('CONTROLLER_MISSING', write.setting, LEFT_OUT)];
  });
  return [...leftOut, ...contradictions(writes)];
}

/**
 * v1 files that this kernel does not have, as far as that shows before there is a cgroup to write
 * in: any other one of the hierarchy has the same.
 */
export function unknownFiles(plan: CgroupPlan, writes: readonly CgroupWrite[]): TslxcError[] {
  return writes.flatMap((write) => {
    const hierarchy = hierarchyOf(plan, write);
    const example = hierarchy?.version === 1 && children(hierarchy.mountpoint)[0];
    if (!hierarchy || !example || write.file === null) return [];
    const directory = join(hierarchy.mountpoint, example);
    const names = [write.file, ...(write.otherwise ? [write.otherwise.file] : [])];
    if (names.some((name) => existsSync(join(directory, name))) || !existsSync(directory)) return [];
    return [
      settingError('CGROUP_VALUE', write.setting, `this kernel has no file ${write.file}`, {
        hint: nearestHint(write),
      }),
    ];
  });
}

/**
 * CPUs and memory nodes that the host does not have: known before there is a cgroup that could
 * refuse them.
 */
export function absentMembers(plan: CgroupPlan, writes: readonly CgroupWrite[]): TslxcError[] {
  return writes.flatMap((write) => {
    const hierarchy = hierarchyOf(plan, write);
    if (!hierarchy || write.file === null || !Object.hasOwn(EFFECTIVE, write.file)) return [];
    const there = hierarchy.version === 2 ? EFFECTIVE[write.file]! : write.file;
    const text = readFile(join(hierarchy.mountpoint, there));
    const [wanted, all] = [parseList(write.value), parseList(text ?? '')];
    if (!wanted || !all || all.size === 0) return [];
    const absent = [...wanted].filter((member) => !all.has(member));
    // On v2 the kernel takes those that are there, and all if none is.
    const refusedBy = hierarchy.version === 1 ? absent.length > 0 : absent.length === wanted.size;
    if (!refusedBy || absent.length === 0) return [];
    return [
      settingError('CGROUP_VALUE', write.setting, `there is no ${listText(absent)}: this host has ${text}`),
    ];
  });
}

const nearestHint = (write: CgroupWrite) => {
  const nearest = nearestCgroupKey(write.setting.key);
  return nearest && `did you mean ${nearest}?`;
};

/** The file itself, or the one that a kernel without it has instead. */
function present({ limit, version }: PlannedHierarchy, write: CgroupWrite): { file: string; value: string } {
  const file = write.file!;
  if (existsSync(join(limit, file))) return { file, value: write.value };
  if (write.otherwise && existsSync(join(limit, write.otherwise.file))) return write.otherwise;
  const handedDown = words(readFile(join(limit, 'cgroup.controllers')) ?? '');
  if (version === 2 && write.controller !== 'cgroup' && !handedDown.includes(write.controller)) {
    const why = `the ${write.controller} controller is not handed down to ${limit} (cgroup.subtree_control above it)`;
    throw settingError('CONTROLLER_MISSING', write.setting, why);
  }
  throw settingError('CGROUP_VALUE', write.setting, `this kernel has no file ${file} in ${limit}`, {
    errno: 'ENOENT',
    hint: /memsw|swap/.test(file)
      ? 'swap accounting may be off: boot the host with swapaccount=1'
      : nearestHint(write),
  });
}

/**
 * A v1 cpuset may not shrink below those under it, and those do not grow with it: the ones below
 * are narrowed first where that is in the way, and the inner cgroup always ends up with the same
 * set.
 */
function writeCpuset({ limit, inner }: PlannedHierarchy, file: string, value: string): void {
  try {
    writeFile(join(limit, file), value);
  } catch (error) {
    const wanted = parseList(value);
    if (errnoOf(error) !== 'EBUSY' || !wanted || children(limit).length === 0) throw error;
    bottomUp(limit, (path) => {
      if (path === limit) return;
      const now = parseList(readFile(join(path, file)) ?? '') ?? new Set();
      const rest = [...now].filter((member) => wanted.has(member));
      if (now.size > 0) writeFile(join(path, file), listText(rest.length > 0 ? rest : wanted));
    });
    writeFile(join(limit, file), value);
  }
  if (existsSync(inner)) writeFile(join(inner, file), value);
}

function readBack(
  hierarchy: PlannedHierarchy,
  write: CgroupWrite,
  file: string,
  value: string,
): CgroupNote | undefined {
  if (WRITE_ONLY.test(file)) return undefined;
  const shown = (hierarchy.version === 2 && EFFECTIVE[file]) || file;
  const effective = readFile(join(hierarchy.limit, shown));
  if (effective === undefined || equivalent(value, effective)) return undefined;
  if (isRounding(value, effective)) return undefined;
  const why =
    write.note ?? (isUnlimited(effective) ? 'this kernel takes the value and ignores it' : undefined);
  return { key: write.setting.key, file, asked: value, effective, ...(why ? { why } : {}) };
}

/** On arm64; x86 has 4 KiB. */
const LARGEST_PAGE = 65_536n;
/** No limit other than one of memory is as high and comes back as whole pages. */
const LEAST_MEMORY = 2n ** 20n;

/** Memory is counted in pages, rounded down: nothing that was asked for is lost. */
function isRounding(text: string, shown: string): boolean {
  const [asked, effective] = [parseBytes(text), readAmount(shown)];
  if (typeof asked !== 'bigint' || typeof effective !== 'bigint') return false;
  const less = asked - effective;
  return asked >= LEAST_MEMORY && less > 0n && less < LARGEST_PAGE && effective % 4096n === 0n;
}

const isUnlimited = (text: string) => readAmount(text) === 'max';

/**
 * Whether two texts mean the same to the kernel. Device files show a line for each device, with all
 * its limits.
 */
export function equivalent(asked: string, effective: string): boolean {
  if (asked.trim() === effective) return true;
  const [a, b] = [parseBytes(asked), readAmount(effective)];
  // Memory is counted in pages (64 KiB at most, on arm64), rounded down: nothing that was asked for
  // is lost.
  if (a !== undefined && b !== undefined) return a === b;
  const [left, right] = [parseList(asked), parseList(effective)];
  if (left && right) return listText(left) === listText(right);
  const parts = words(asked);
  // "8:0 0" and "8:0 rbps=max" take a limit away, and its line with it.
  if (parts.length > 1 && /:/.test(parts[0]!)) {
    const line = effective.split('\n').find((text) => words(text)[0] === parts[0]);
    if (!line) return parts.slice(1).every((part) => part === '0' || part.endsWith('=max'));
    return parts.every((part) => words(line).includes(part));
  }
  // cpu.max takes the quota alone and shows the period too; io.weight shows "default 100".
  return effective.split('\n').some((line) => parts.every((part) => words(line).includes(part)));
}

function notInPlan(plan: CgroupPlan, write: CgroupWrite): TslxcError {
  const skipped = plan.skipped.find(({ id }) => id === write.hierarchy);
  const why = skipped ? skipped.reason : `the container has no cgroup in the ${write.hierarchy} hierarchy`;
  return settingError('CONTROLLER_MISSING', write.setting, why);
}

const REASONS: Record<string, string> = {
  EINVAL: 'not a value that the kernel takes here',
  ERANGE: 'outside of what this host has',
  EBUSY: 'in use: what the container has already is more than that',
  EACCES: 'no permission to write it',
  EPERM: 'no permission to write it',
  EROFS: 'the cgroup file system is mounted read-only',
  ENODEV: 'there is no such device on this host',
  ENXIO: 'there is no such device on this host',
  EOPNOTSUPP: 'the kernel does not support it here',
  ENOSPC: 'the cgroups above leave nothing for it',
};

function refused(
  hierarchy: PlannedHierarchy,
  write: CgroupWrite,
  file: string,
  value: string,
  error: unknown,
): Error {
  const errno = errnoOf(error);
  const native = fileOf(write.setting.key)?.file === file && write.setting.value === value;
  const what = native ? '' : ` (written as ${file} = ${value})`;
  const reason = REASONS[errno ?? ''] ?? (error as Error).message;
  return settingError(
    'CGROUP_VALUE',
    write.setting,
    `the kernel refused it${what}: ${reason}${facts(hierarchy, file, value)}`,
    {
      errno,
      cause: error,
    },
  );
}

/** What the host has, where that explains a refusal. */
function facts({ version, mountpoint, limit }: PlannedHierarchy, file: string, value: string): string {
  if (/^cpuset\.(cpus|mems)$/.test(file)) {
    const top = readFile(join(mountpoint, version === 2 ? `${file}.effective` : file));
    return top ? `; this host has ${top}` : '';
  }
  if (/^memory\.(limit|memsw)/.test(file)) {
    const [limitNow, both] = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'].map((f) =>
      f === file ? value : readFile(join(limit, f)),
    );
    return `; memory.limit_in_bytes (${limitNow}) may not be above memory.memsw.limit_in_bytes (${both ?? 'none'})`;
  }
  return '';
}
