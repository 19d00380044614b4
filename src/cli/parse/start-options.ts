/** What tslxc-start and tslxc-execute have in common: options that are settings for this run. */
import { resolve } from 'node:path';
import type { StartOptions } from '../../api/options.ts';
import { standardStream } from '../../util/standard-stream.ts';
import type { Io } from '../run/io.ts';
import type { OptionTable, OptionValues } from './command-options.ts';
import { CONTAINER_OPTIONS } from './common-options.ts';

const SHARE = { kind: 'required', argument: 'NAME|PID', complete: 'container' } as const;

export const SHARE_OPTIONS = {
  'share-net': { ...SHARE, summary: 'share the network namespace of a container or process' },
  'share-ipc': { ...SHARE, summary: 'share its ipc namespace' },
  'share-uts': { ...SHARE, summary: 'share its uts namespace' },
  'share-pid': { ...SHARE, summary: 'share its pid namespace' },
} as const satisfies OptionTable;

export const SETTING_OPTIONS = {
  rcfile: { ...CONTAINER_OPTIONS.rcfile, short: 'f' },
  define: {
    short: 's',
    kind: 'required',
    argument: 'KEY=VALUE',
    repeatable: true,
    summary: 'set a config key for this run',
    complete: 'key',
  },
} as const satisfies OptionTable;

type Values = OptionValues<typeof SETTING_OPTIONS & typeof SHARE_OPTIONS>;

/**
 * Paths are the caller's: the manager has another working directory. `more`: settings after those
 * of -s.
 */
export function settingOptions(
  values: Values,
  io: Pick<Io, 'cwd'>,
  more: readonly string[] = [],
): Pick<StartOptions, 'rcfile' | 'defines'> {
  const here = (path: string) => resolve(io.cwd, path);
  const defines = [...values.define, ...more];
  for (const name of Object.keys(SHARE_OPTIONS) as (keyof typeof SHARE_OPTIONS)[]) {
    const whose = values[name];
    if (whose !== undefined) defines.push(`lxc.namespace.share.${name.slice('share-'.length)}=${whose}`);
  }
  // The manager's log of the container follows the command's.
  const { logfile, logpriority } = values as { logfile?: string; logpriority?: string };
  if (logpriority !== undefined && logfile !== 'none') defines.push(`lxc.log.level=${logpriority}`);
  // A stream of the caller's is no file that the manager can write.
  if (logfile !== undefined && logfile !== 'none' && !standardStream(logfile))
    defines.push(`lxc.log.file=${here(logfile)}`);
  return {
    ...(values.rcfile === undefined ? {} : { rcfile: here(values.rcfile) }),
    ...(defines.length > 0 ? { defines } : {}),
  };
}
