import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'destroy',
  summary: 'remove a container and its root filesystem',
  synopsis: ['[OPTIONS] [-n] NAME...'],
  several: true,
  description: [
    'Removes the container for good. It refuses a container that runs, has snapshots, or has clones that need it.',
  ],
  options: {
    force: { short: 'f', kind: 'none', summary: 'kill it first when it runs' },
    snapshots: { short: 's', kind: 'none', summary: 'remove its snapshots too' },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
  },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'removed'],
    ['1', 'refused, or another error'],
  ],
  examples: [
    { command: 'tslxc-destroy -n web', meaning: 'a stopped container without snapshots' },
    { command: 'tslxc-destroy -n web -f -s', meaning: 'whatever state it is in' },
    { command: 'tslxc-destroy web db', meaning: 'two of them, one after the other' },
  ],
  seeAlso: ['create', 'stop', 'snapshot'],
});
