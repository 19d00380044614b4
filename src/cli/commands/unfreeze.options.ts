import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'unfreeze',
  summary: 'let the processes of a frozen container run again',
  synopsis: ['[OPTIONS] [-n] NAME...'],
  several: true,
  description: [
    'Undoes tslxc-freeze, and what somebody else has frozen by the files of the control groups. A container that is not frozen just runs on.',
  ],
  options: { ...CONTAINER_OPTIONS, ...NO_RCFILE },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'it runs'],
    ['1', 'it is stopped, or another error'],
  ],
  examples: [
    { command: 'tslxc-unfreeze -n web', meaning: 'let it go on' },
    { command: 'tslxc-unfreeze web db', meaning: 'two of them' },
  ],
  seeAlso: ['freeze', 'info', 'wait'],
});
