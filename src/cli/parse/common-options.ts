/** Options that every command shares, in LXC's spelling. */
import type { OptionTable } from './command-options.ts';

/** FATAL is the rarest, TRACE the chattiest. */
export const LOG_PRIORITIES = [
  'FATAL',
  'ALERT',
  'CRIT',
  'ERROR',
  'WARN',
  'NOTICE',
  'INFO',
  'DEBUG',
  'TRACE',
] as const;

/** What every command understands, whether it is about a container or not. */
export const HELP_OPTIONS = {
  help: { short: 'h', kind: 'none', summary: 'print the full help' },
  usage: { kind: 'none', summary: 'print the options in short' },
  version: { kind: 'none', summary: 'print the version' },
} as const satisfies OptionTable;

export const CONTAINER_OPTIONS = {
  name: {
    short: 'n',
    kind: 'required',
    argument: 'NAME',
    summary: 'the container; without it, the first argument that is not an option',
    complete: 'container',
  },
  lxcpath: {
    short: 'P',
    kind: 'required',
    argument: 'PATH',
    summary: 'directory that holds the containers',
    default: 'lxc.lxcpath of tslxc.conf, /var/lib/tslxc unless set',
    complete: 'directory',
  },
  logfile: {
    short: 'o',
    kind: 'required',
    argument: 'FILE',
    summary: 'append log lines to FILE',
    default: 'none',
    complete: 'file',
  },
  logpriority: {
    short: 'l',
    kind: 'required',
    argument: 'LEVEL',
    summary: `lowest level that is logged: ${LOG_PRIORITIES.join(', ')}`,
    default: 'ERROR',
    complete: { words: LOG_PRIORITIES },
  },
  quiet: { short: 'q', kind: 'none', summary: 'print no error or progress lines' },
  rcfile: {
    kind: 'required',
    argument: 'FILE',
    summary: "read FILE instead of the container's own config",
    complete: 'file',
  },
} as const satisfies OptionTable;

/** For commands that spell --rcfile with a short name. */
const { rcfile: _, ...butRcfile } = CONTAINER_OPTIONS;
export const OPTIONS_BUT_RCFILE = butRcfile;

/** For commands where another config file makes no difference that the library could make. */
export const NO_RCFILE = {
  rcfile: {
    ...CONTAINER_OPTIONS.rcfile,
    unsupported: "this command always reads the container's own config",
  },
} as const satisfies OptionTable;

export const JSON_OPTION = {
  json: { kind: 'none', extension: true, summary: 'print the result as JSON' },
} as const satisfies OptionTable;

/** Whether an option of that name belongs under the heading of the common ones. */
export function isCommon(name: string): boolean {
  return name in HELP_OPTIONS || name in CONTAINER_OPTIONS || name in JSON_OPTION;
}
