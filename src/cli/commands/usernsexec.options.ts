import { defineSpec } from '../parse/command-options.ts';

export const spec = defineSpec({
  name: 'usernsexec',
  summary: 'run a program as root of a new user namespace',
  synopsis: ['[-m MAP]... [-s] [-u UID] [-g GID] [--] [COMMAND [ARGUMENT...]]'],
  description: [
    'Runs COMMAND in a user namespace (and a mount namespace) of its own, as its root: the way to look at, change and remove the files of containers with an id map. An ordinary user needs newuidmap and newgidmap for it.',
    'MAP is TYPE:INSIDE:OUTSIDE:RANGE with TYPE u for users, g for groups, b for both. Without -m the map is the first range that /etc/subuid and /etc/subgid give to the caller, from 0 on.',
  ],
  options: {
    map: {
      short: 'm',
      kind: 'required',
      argument: 'MAP',
      repeatable: true,
      summary: 'one line of the map',
    },
    self: { short: 's', kind: 'none', summary: "map the caller's own ids too, at the next free ids inside" },
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
    quiet: { short: 'q', kind: 'none', summary: 'print no error lines' },
  },
  container: 'none',
  operands: [{ name: 'COMMAND', summary: 'the program with its arguments; /bin/sh', many: true }],
  exitCodes: [
    ['N', 'the exit code of the program, 128 and the number of the signal that killed it'],
    ['126', 'the program cannot be run'],
    ['127', 'the program is not there'],
    ['1', 'no map, or another error'],
  ],
  examples: [
    { command: 'tslxc-usernsexec -- rm -rf rootfs', meaning: 'remove what belongs to mapped ids' },
    { command: 'tslxc-usernsexec -m b:0:100000:65536 -- id', meaning: 'with a map of your own' },
  ],
  seeAlso: ['unshare', 'tslxc.container.conf(5)'],
});
