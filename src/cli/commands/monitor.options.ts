import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'monitor',
  summary: 'print what happens to containers',
  synopsis: ['[OPTIONS] [-n] [REGEX]', '-Q [-P PATH]...'],
  description: [
    'Prints a line for each new state of the containers whose whole name REGEX matches (a regular expression as for grep -E; all of them without one), until it is interrupted. It may be begun before there is a manager, and goes on when the manager is replaced.',
  ],
  options: {
    why: { kind: 'none', extension: true, summary: 'add the reason of each change' },
    quit: {
      short: 'Q',
      kind: 'none',
      summary: 'ask the manager to leave, which it does when no container runs',
    },
    ...CONTAINER_OPTIONS,
    lxcpath: {
      ...CONTAINER_OPTIONS.lxcpath,
      repeatable: true,
      summary: 'directory that holds the containers; of several, all are watched',
    },
    ...NO_RCFILE,
    json: { ...JSON_OPTION.json, summary: 'print a JSON object for each event, one in a line' },
  },
  container: 'pattern',
  operands: [],
  exitCodes: [
    ['0', 'with -Q: the manager leaves, or there was none'],
    ['1', 'an error; with -Q also: it has containers to look after'],
    ['130', 'interrupted (128 and the number of the signal)'],
  ],
  examples: [
    { command: 'tslxc-monitor', meaning: 'all containers' },
    { command: "tslxc-monitor 'web.*' --why", meaning: 'some, with the reasons' },
    { command: 'tslxc-monitor --json -P /srv/a -P /srv/b', meaning: 'for a program, of two directories' },
  ],
  seeAlso: ['wait', 'info', 'ls', 'start'],
});
