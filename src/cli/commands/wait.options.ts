import { STATES } from '../../container/state/state.ts';
import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'wait',
  summary: 'wait until a container is in a state',
  synopsis: ['[OPTIONS] [-n] NAME -s STATE[|STATE...]'],
  description: [
    `Returns as soon as the container is in one of the states: ${STATES.join(', ')}. A container that does not exist is STOPPED.`,
    'States that are passed through count as well, also if they last no longer than a blink.',
  ],
  options: {
    state: {
      short: 's',
      kind: 'required',
      argument: 'STATE[|STATE...]',
      summary: 'the states to wait for',
      complete: { words: STATES },
    },
    timeout: {
      short: 't',
      kind: 'required',
      argument: 'SECONDS',
      integer: true,
      summary: 'how long to wait; -1 is for ever, 0 looks once',
      default: '-1',
    },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'it is, or was, in one of the states'],
    ['1', 'the time is over, or an error'],
  ],
  examples: [
    { command: 'tslxc-wait -n web -s STOPPED', meaning: 'until it has ended' },
    { command: "tslxc-wait -n web -s 'RUNNING|FROZEN' -t 0", meaning: 'test whether it is up' },
  ],
  seeAlso: ['monitor', 'info', 'start', 'stop'],
});
