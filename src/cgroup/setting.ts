import type { ErrorCode } from '../errors/error-table.ts';
import { TslxcError } from '../errors/tslxc-error.ts';

/** What this room needs to know of a config setting (the config room's `Setting<string>` fits). */
export interface CgroupSetting {
  /** Whole key, for instance `lxc.cgroup.memory.limit_in_bytes`. */
  readonly key: string;
  readonly value: string;
  /** Where it stands; absent for a value that came from a command line. */
  readonly origin?: { readonly file: string; readonly line: number; readonly column?: number } | undefined;
}

const PREFIX = /^lxc\.(cgroup2?)\.(.+)$/;

/** Keys that look like controller files but say where the cgroups are (lxc.container.conf(5)). */
const PLACEMENT = /^lxc\.cgroup\.(dir|relative|use|pattern)(\.|$)/;

/**
 * The file that a key names and in which spelling; undefined for keys that are not about a
 * controller.
 */
export function fileOf(key: string): { spelling: 1 | 2; file: string } | undefined {
  const match = PREFIX.exec(key);
  if (!match || PLACEMENT.test(key)) return undefined;
  return { spelling: match[1] === 'cgroup2' ? 2 : 1, file: match[2]! };
}

/** An error that names the key and the line where it stands. */
export function settingError(
  code: ErrorCode,
  setting: CgroupSetting,
  why: string,
  extra: { errno?: string | undefined; hint?: string | undefined; cause?: unknown } = {},
): TslxcError {
  return new TslxcError({
    code,
    message: `${setting.key} = ${setting.value}: ${why}`,
    file: setting.origin?.file,
    line: setting.origin?.line,
    column: setting.origin?.column,
    ...extra,
  });
}
