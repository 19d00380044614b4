import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const COLUMNS = [
  'NAME',
  'STATE',
  'PID',
  'RAM',
  'SWAP',
  'AUTOSTART',
  'GROUPS',
  'INTERFACE',
  'IPV4',
  'IPV6',
  'UNPRIVILEGED',
] as const;

export const DEFAULT_COLUMNS = [
  'NAME',
  'STATE',
  'AUTOSTART',
  'GROUPS',
  'IPV4',
  'IPV6',
  'UNPRIVILEGED',
] as const;

export const spec = defineSpec({
  name: 'ls',
  summary: 'list containers',
  synopsis: ['[OPTIONS] [REGEX]'],
  description: [
    'Lists the containers of the container directory by name. On a terminal names stand side by side; elsewhere there is one in a line. A regular expression (as for grep -E) keeps the names in which it matches.',
    'Several of the state options together keep what any of them would.',
  ],
  options: {
    line: { short: '1', kind: 'none', summary: 'one name in a line, without padding' },
    fancy: { short: 'f', kind: 'none', summary: 'a table with a heading' },
    'fancy-format': {
      short: 'F',
      kind: 'required',
      argument: 'COLUMNS',
      summary: `columns of the table, separated by commas, out of ${COLUMNS.join(', ')}; implies -f`,
      default: DEFAULT_COLUMNS.join(','),
      complete: { words: COLUMNS },
    },
    active: { kind: 'none', summary: 'only those that run or are frozen' },
    running: { kind: 'none', summary: 'only those that run, frozen ones included' },
    frozen: { kind: 'none', summary: 'only frozen ones' },
    stopped: { kind: 'none', summary: 'only stopped ones' },
    defined: { kind: 'none', summary: 'only those that have a config file' },
    nesting: {
      kind: 'optional',
      argument: 'DEPTH',
      summary: 'also list containers inside containers, DEPTH levels down',
      default: '0; 5 where no DEPTH is given',
    },
    groups: {
      short: 'g',
      kind: 'required',
      argument: 'GROUPS',
      summary: 'only those that are in all of these groups, separated by commas',
    },
    filter: { kind: 'required', argument: 'REGEX', summary: 'only names in which REGEX matches' },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'pattern',
  operands: [],
  exitCodes: [
    ['0', 'done, also when there is nothing to list'],
    ['1', 'an error'],
  ],
  examples: [
    { command: 'tslxc-ls -f', meaning: 'all containers with their states and addresses' },
    { command: "tslxc-ls --running -1 '^web'", meaning: 'names of running containers that begin with web' },
    { command: 'tslxc-ls -f -F name,pid,ram', meaning: 'a table of your own' },
  ],
  seeAlso: ['info', 'create', 'start'],
});
