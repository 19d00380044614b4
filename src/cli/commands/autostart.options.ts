import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

const { name: _, ...OPTIONS_BUT_NAME } = CONTAINER_OPTIONS;

export const spec = defineSpec({
  name: 'autostart',
  summary: 'start, reboot or stop the containers that are marked for it',
  synopsis: ['[OPTIONS]'],
  description: [
    'Goes through the containers with lxc.start.auto = 1: by lxc.start.order, then by name; with -s and -k the other way round. Containers with the same order value are started at the same time, but what comes after one with an lxc.start.delay waits that many seconds.',
    'Without -g and -a it is about the containers that are in no group. With -g the groups are gone through in the order given; a container that is in several of them has its turn once. Starting skips what runs; everything else skips what is stopped.',
  ],
  options: {
    kill: { short: 'k', kind: 'none', summary: 'kill them', conflicts: ['reboot', 'shutdown'] },
    reboot: { short: 'r', kind: 'none', summary: 'reboot them', conflicts: ['shutdown'] },
    shutdown: { short: 's', kind: 'none', summary: 'shut them down, and kill those that take too long' },
    list: {
      short: 'L',
      kind: 'none',
      summary: 'only print which it would be, with the seconds of their delay',
    },
    explain: {
      kind: 'none',
      extension: true,
      summary: 'only print of each container whether its turn would come and why',
    },
    all: { short: 'a', kind: 'none', summary: 'whatever their groups' },
    'ignore-auto': { short: 'A', kind: 'none', summary: 'whatever lxc.start.auto says' },
    groups: {
      short: 'g',
      kind: 'required',
      argument: 'GROUPS',
      repeatable: true,
      summary: 'those of these groups, separated by commas; an empty one stands for those without a group',
    },
    timeout: {
      short: 't',
      kind: 'required',
      argument: 'SECONDS',
      integer: true,
      summary: 'how long each gets to shut down or reboot; -1 is for ever',
      default: '60',
    },
    ...OPTIONS_BUT_NAME,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'none',
  operands: [],
  exitCodes: [
    ['0', 'done, also where there was nothing to do'],
    ['1', 'an error: no container could be started, rebooted or stopped'],
    ['2', 'some containers could not be started, rebooted or stopped'],
  ],
  examples: [
    { command: 'tslxc-autostart -g onboot,', meaning: 'the group onboot, then those without a group' },
    { command: 'tslxc-autostart -a -A -s -t 5', meaning: 'shut all of them down, whatever their marks' },
    { command: 'tslxc-autostart --explain', meaning: 'which would be started, and why the others would not' },
  ],
  seeAlso: ['start', 'stop', 'ls', 'tslxc.container.conf(5)'],
});
