import { LOG_SOURCES } from '../../container/state/log-sources.ts';
import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'logs',
  summary: 'show what is written down of a container, by time',
  synopsis: ['[OPTIONS] [-n] NAME'],
  description: [
    'Merges by time: the log of the container (lxc.log.file), what its console printed, the output of its hooks and network scripts, its states with their reasons, and what the kernel says of processes that it killed for want of memory. The last part of it is kept until the next boot of the host; the log file for as long as it is there.',
    'Control characters that a container printed are left out of the text; --json has all of it.',
  ],
  options: {
    follow: {
      short: 'f',
      kind: 'none',

      summary: 'go on with what comes, until interrupted',
    },
    lines: {
      kind: 'required',
      argument: 'N',
      integer: true,

      summary: 'begin with the last N lines',
      default: 'all',
    },
    source: {
      kind: 'required',
      argument: 'LIST',

      summary: `only these, separated by commas: ${LOG_SOURCES.join(', ')}`,
      default: 'all',
      complete: { words: LOG_SOURCES },
    },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
    json: { ...JSON_OPTION.json, summary: 'print a JSON object for each line' },
  },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'done'],
    ['1', 'there is no such container, or another error'],
    ['130', '-f was interrupted (128 and the number of the signal)'],
  ],
  examples: [
    { command: 'tslxc-logs -n web', meaning: 'all that is known' },
    { command: 'tslxc-logs -n web -f --lines 20', meaning: 'the last lines, and what comes' },
    { command: 'tslxc-logs -n web --source hook,state', meaning: 'its states, and what its hooks printed' },
  ],
  seeAlso: ['info', 'monitor', 'console'],
});
