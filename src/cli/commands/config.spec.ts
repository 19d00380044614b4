import { defineSpec } from '../command-spec.ts';
import { JSON_OPTION } from '../common-options.ts';

export const spec = defineSpec({
  name: 'config',
  summary: 'show settings of the system file, tslxc.conf',
  synopsis: ['KEY', '-l'],
  description: ['Prints the value of a key of tslxc.conf, or its default. The beginning of a key will do.'],
  options: {
    list: { short: 'l', kind: 'none', summary: 'list the keys' },
    ...JSON_OPTION,
  },
  container: 'none',
  operands: [{ name: 'KEY', summary: 'a key, or its beginning: the first that fits' }],
  exitCodes: [
    ['0', 'done, also when the key is not set'],
    ['1', 'there is no such key'],
  ],
  examples: [{ command: 'tslxc-config lxc.lxcpath', meaning: 'where the containers are' }],
  seeAlso: ['info', 'tslxc.conf(5)'],
});
