import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';
import { SORT_KEYS } from '../render/top-table.ts';

export const spec = defineSpec({
  name: 'top',
  summary: 'show what running containers use, again and again',
  synopsis: ['[OPTIONS] [REGEX]'],
  description: [
    'A table of the containers that run (those in whose name REGEX matches): processor time in seconds, bytes read from and written to disks, memory. It is drawn anew every few seconds, when the window changes its size, and when a key is pressed: a letter of --sort sorts by it, r turns the order around, q leaves.',
    'With -b there are lines of comma-separated values instead, and with --json a JSON object for each round, one in a line; neither needs a terminal.',
  ],
  options: {
    delay: {
      short: 'd',
      kind: 'required',
      argument: 'SECONDS',
      summary: 'time from one round to the next; parts of a second are possible',
      default: '3; 300 with -b',
    },
    batch: { short: 'b', kind: 'none', summary: 'comma-separated values, for a file' },
    sort: {
      short: 's',
      kind: 'required',
      argument: 'KEY',
      summary: `what to sort by: ${Object.entries(SORT_KEYS)
        .map(([key, { title }]) => `${key} ${title}`)
        .join(', ')}`,
      default: 'n',
      complete: { words: Object.keys(SORT_KEYS) },
    },
    reverse: { short: 'r', kind: 'none', summary: 'turn the order around' },
    count: {
      kind: 'required',
      argument: 'N',
      integer: true,
      extension: true,
      summary: 'leave after N rounds',
      default: 'none',
    },
    ...CONTAINER_OPTIONS,
    lxcpath: {
      ...CONTAINER_OPTIONS.lxcpath,
      repeatable: true,
      summary: 'directory that holds the containers; of several, the first one counts',
    },
    ...NO_RCFILE,
    json: { ...JSON_OPTION.json, summary: 'print a JSON object for each round, one in a line' },
  },
  container: 'pattern',
  operands: [],
  exitCodes: [
    ['0', 'left with q, or after the rounds that were asked for'],
    ['1', 'an error; also: there is no terminal, and neither -b nor --json'],
    ['130', 'interrupted (128 and the number of the signal)'],
  ],
  examples: [
    { command: 'tslxc-top -d 1 -s m -r', meaning: 'those with the most memory first, every second' },
    { command: 'tslxc-top -b -d 60 >>usage.csv', meaning: 'a line for each container every minute' },
    { command: 'tslxc-top --json --count 1', meaning: 'once, for a program' },
  ],
  seeAlso: ['info', 'ls', 'monitor'],
});
