import { defineSpec } from '../parse/command-options.ts';
import { JSON_OPTION, OPTIONS_BUT_RCFILE } from '../parse/common-options.ts';
import { SETTING_OPTIONS, SHARE_OPTIONS } from '../parse/start-options.ts';

export const spec = defineSpec({
  name: 'execute',
  summary: 'run one program in a container that is there for it alone',
  synopsis: ['[OPTIONS] [-n] NAME [--] [COMMAND [ARGUMENT...]]'],
  description: [
    "Starts the container, but COMMAND in place of a system: below a small init of tslxc's own, which is process 1 and needs nothing of the root filesystem. It takes care of processes that have lost their parent, passes signals on, and ends when the last process has ended. Without COMMAND it is what lxc.execute.cmd says.",
    'The program has the standard streams of the caller; in place of those that are a terminal it has the console of the container. With -d it has no input, and what it prints is kept as the console output is: tslxc-console --log shows it.',
    'SIGTERM and SIGHUP ask all processes of the container to end, and kill them a second later; other signals are for the program. tslxc-stop does the same as SIGTERM.',
    'An option after NAME or COMMAND is still an option of tslxc-execute; put -- before a COMMAND that has options of its own.',
  ],
  options: {
    daemon: { short: 'd', kind: 'none', summary: 'run in the background' },
    ...SETTING_OPTIONS,
    uid: {
      short: 'u',
      kind: 'required',
      argument: 'UID',
      integer: true,
      summary: 'user id inside',
      default: 'lxc.init.uid, or 0',
    },
    gid: {
      short: 'g',
      kind: 'required',
      argument: 'GID',
      integer: true,
      summary: 'group id inside',
      default: 'lxc.init.gid, or 0',
    },
    ...SHARE_OPTIONS,
    ...OPTIONS_BUT_RCFILE,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [{ name: 'COMMAND', summary: 'the program with its arguments', many: true }],
  exitCodes: [
    ['N', 'the exit code of the program, 128 and the number of the signal that killed it'],
    ['0', 'with -d: the program runs'],
    ['126', 'the program cannot be run'],
    ['127', 'the program is not there'],
    ['1', 'the container cannot be started, or another error'],
  ],
  examples: [
    { command: 'tslxc-execute -n web -- /bin/sh', meaning: 'a shell in an else empty container' },
    { command: 'tslxc-execute -n web -- tar c /etc > etc.tar', meaning: 'its output, byte for byte' },
    { command: 'tslxc-execute -n web -d -u 33 -- /srv/server', meaning: 'a service in the background' },
  ],
  seeAlso: ['start', 'attach', 'stop', 'unshare', 'tslxc.container.conf(5)'],
});
