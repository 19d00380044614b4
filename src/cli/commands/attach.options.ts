import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, OPTIONS_BUT_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'attach',
  summary: 'run a program in a running container',
  synopsis: ['[OPTIONS] [-n] NAME [--] [COMMAND [ARGUMENT...]]'],
  description: [
    "Runs COMMAND inside the container, as its root, with its namespaces, control group, capabilities and environment settings; without COMMAND, the login shell of the user. On a terminal it gets a terminal of the container's own; pipes stay pipes, byte for byte.",
    'An option after NAME or COMMAND is still an option of tslxc-attach; put -- before a COMMAND that has options of its own: tslxc-attach web -- ls -l.',
    "The caller's environment is kept, as in LXC; directories that its PATH lacks of the usual six are added at its end. With --clear-env there is only container=lxc, a usual PATH, what lxc.environment sets and what -v and --keep-var name.",
  ],
  options: {
    'elevated-privileges': {
      short: 'e',
      kind: 'optional',
      argument: 'LIST',
      summary:
        'keep what the container would take away: CAP, CGROUP, LSM, separated by |. Dangerous: the container can get at the program',
      default: 'all three where no LIST is given',
      complete: { words: ['CAP', 'CGROUP', 'LSM'] },
    },
    arch: {
      short: 'a',
      kind: 'required',
      argument: 'ARCH',
      summary: 'architecture that the program sees, as in lxc.arch',
      default: "the container's",
    },
    namespaces: {
      short: 's',
      kind: 'required',
      argument: 'LIST',
      summary:
        'join only these: MOUNT, PID, UTSNAME, IPC, USER, NETWORK, CGROUP, TIME, separated by |; implies -e',
      default: 'all',
      complete: { words: ['MOUNT', 'PID', 'UTSNAME', 'IPC', 'USER', 'NETWORK', 'CGROUP', 'TIME'] },
    },
    'remount-sys-proc': {
      short: 'R',
      kind: 'none',
      summary: 'with -s without MOUNT: fresh /proc and /sys that show the joined namespaces',
    },
    'clear-env': { kind: 'none', summary: 'start from an empty environment', conflicts: ['keep-env'] },
    'keep-env': { kind: 'none', summary: "start from the caller's environment (the default)" },
    'keep-var': {
      kind: 'required',
      argument: 'NAME',
      repeatable: true,
      summary: "with --clear-env, keep this variable of the caller's",
    },
    'set-var': {
      short: 'v',
      kind: 'required',
      argument: 'NAME=VALUE',
      repeatable: true,
      summary: 'set a variable',
    },
    'pty-log': {
      short: 'L',
      kind: 'required',
      argument: 'FILE',
      summary: 'append what the terminal shows to FILE',
      complete: 'file',
    },
    rcfile: {
      ...CONTAINER_OPTIONS.rcfile,
      short: 'f',
      summary:
        'take the environment settings (lxc.environment) of FILE; all else is as the container was started',
    },
    uid: {
      short: 'u',
      kind: 'required',
      argument: 'UID',
      integer: true,
      summary: 'user id inside',
      default: '0',
    },
    gid: {
      short: 'g',
      kind: 'required',
      argument: 'GID',
      integer: true,
      summary: 'group id inside',
      default: '0',
    },
    context: {
      short: 'c',
      kind: 'required',
      argument: 'CONTEXT',
      summary: 'SELinux context of the program; an error on a host without SELinux',
    },
    ...OPTIONS_BUT_RCFILE,
  },
  container: 'required',
  operands: [{ name: 'COMMAND', summary: 'the program with its arguments', many: true }],
  exitCodes: [
    ['N', 'the exit code of the program, 128 and the number of the signal that killed it'],
    ['126', 'the program cannot be run'],
    ['127', 'the program is not there'],
    ['1', 'the container is not running, or another error'],
  ],
  examples: [
    { command: 'tslxc-attach web', meaning: "root's login shell" },
    { command: 'tslxc-attach -n web -- systemctl is-system-running', meaning: 'one program' },
    { command: 'tslxc-attach web -- tar c /etc > etc.tar', meaning: 'its output, byte for byte' },
    { command: 'tslxc-attach web --clear-env -v LANG=C -- env', meaning: 'a clean environment' },
  ],
  seeAlso: ['console', 'start'],
});
