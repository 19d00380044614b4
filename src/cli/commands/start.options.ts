import { defineSpec } from '../parse/command-options.ts';
import { JSON_OPTION, OPTIONS_BUT_RCFILE } from '../parse/common-options.ts';
import { SETTING_OPTIONS, SHARE_OPTIONS } from '../parse/start-options.ts';

export const spec = defineSpec({
  name: 'start',
  summary: 'start a container',
  synopsis: ['[OPTIONS] [-n] NAME [--] [COMMAND [ARGUMENT...]]'],
  description: [
    'Boots the container: its own init runs in it, or COMMAND in place of that. By default it runs in the background, and the command returns when init has started; what goes wrong up to then is told here.',
    'An option after NAME or COMMAND is still an option of tslxc-start; put -- before a COMMAND that has options of its own.',
  ],
  options: {
    daemon: { short: 'd', kind: 'none', summary: 'run in the background (the default)' },
    foreground: {
      short: 'F',
      kind: 'none',
      summary: "have the container's console on this terminal, until the container stops",
    },
    ...SETTING_OPTIONS,
    console: {
      short: 'c',
      kind: 'required',
      argument: 'PATH',
      summary: 'device or file that serves as the console',
      default: 'lxc.console.path',
      complete: 'file',
    },
    'console-log': {
      short: 'L',
      kind: 'required',
      argument: 'FILE',
      summary: 'copy what the console prints to FILE',
      default: 'lxc.console.logfile',
      complete: 'file',
    },
    'close-all-fds': {
      short: 'C',
      kind: 'none',
      summary: 'close inherited descriptors (always done: a container never gets any)',
    },
    pidfile: {
      short: 'p',
      kind: 'required',
      argument: 'FILE',
      summary: "write the process id of the container's init to FILE; it goes when the container stops",
      complete: 'file',
    },
    'dry-run': {
      kind: 'none',
      extension: true,
      summary: 'print what a start would do, made and checked for this host, and do nothing',
    },
    ...SHARE_OPTIONS,
    ...OPTIONS_BUT_RCFILE,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [{ name: 'COMMAND', summary: 'program to run as init, with its arguments', many: true }],
  exitCodes: [
    ['0', 'started, or with --dry-run: nothing stands in the way'],
    ['1', 'not started, or it was running already'],
    ['N', "with -F: the exit code of the container's init, 128 and the number of the signal that killed it"],
  ],
  examples: [
    { command: 'tslxc-start -n web', meaning: 'start in the background' },
    { command: 'tslxc-start -n web -F', meaning: 'watch it boot' },
    { command: 'tslxc-start -n web -s lxc.uts.name=other', meaning: 'with one setting changed for this run' },
    { command: 'tslxc-start -n web --dry-run', meaning: 'see what a start would do' },
  ],
  seeAlso: ['stop', 'console', 'attach', 'info', 'tslxc.container.conf(5)'],
});
