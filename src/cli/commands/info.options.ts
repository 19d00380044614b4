import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'info',
  summary: 'show what is known about a container',
  synopsis: ['[OPTIONS] [-n] NAME'],
  description: [
    'Shows state, process id, addresses, counters of the control groups and traffic of the interfaces. With one or more of -s, -p, -i, -S, -c and --why, only these.',
    'Lines without a value are left out: of a stopped container there are only the name and the state.',
  ],
  options: {
    config: {
      short: 'c',
      kind: 'required',
      argument: 'KEY',
      repeatable: true,
      summary: 'show the value of a config key',
      complete: 'key',
    },
    ips: { short: 'i', kind: 'none', summary: 'show the IP addresses' },
    pid: { short: 'p', kind: 'none', summary: 'show the host process id of its init' },
    stats: { short: 'S', kind: 'none', summary: 'show cpu, disk, memory and network counters' },
    state: { short: 's', kind: 'none', summary: 'show the state' },
    why: {
      kind: 'none',
      extension: true,
      summary: 'show why the last start failed, or how and when the last run ended',
    },
    'no-humanize': {
      short: 'H',
      kind: 'none',
      summary: 'bare numbers (bytes, nanoseconds); a single item without its label',
    },
    ...CONTAINER_OPTIONS,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'done'],
    ['1', 'there is no such container, or another error'],
  ],
  examples: [
    { command: 'tslxc-info -n web', meaning: 'everything' },
    { command: 'tslxc-info -n web -sH', meaning: 'the state as one word' },
    { command: 'tslxc-info -n web --why', meaning: 'what went wrong' },
    { command: 'tslxc-info -n web -c lxc.net.0.link', meaning: 'a value of its config' },
  ],
  seeAlso: ['ls', 'start', 'tslxc.container.conf(5)'],
});
