import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'freeze',
  summary: 'stop all processes of a container where they are',
  synopsis: ['[OPTIONS] [-n] NAME...'],
  several: true,
  description: [
    'The processes keep their memory and their connections, and get no time to run until tslxc-unfreeze. The command returns when the kernel says that all of them stand still.',
    'A container that is frozen already stays so.',
  ],
  options: { ...CONTAINER_OPTIONS, ...NO_RCFILE },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'frozen'],
    ['1', 'it does not run, or another error'],
  ],
  examples: [
    { command: 'tslxc-freeze -n web', meaning: 'let it stand still' },
    { command: 'tslxc-freeze web db', meaning: 'two of them' },
  ],
  seeAlso: ['unfreeze', 'info', 'wait'],
});
