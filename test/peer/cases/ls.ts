import type { PeerCase } from '../peer-case.ts';

/** The loopback's is the only interface; pids and memory differ from side to side. */
const numbers = (text: string) => text.replace(/\b\d+(\.\d+MB)?\b/g, (_, size) => (size ? 'SIZE' : 'N'));

export const CASES: readonly PeerCase[] = [
  {
    title: 'names, with and without padding',
    lines: [['ls'], ['ls', '-1'], ['ls', '-1', '--line']],
  },
  {
    title: 'the table',
    lines: [
      ['ls', '-f'],
      ['ls', '--fancy', '-F', 'NAME,state'],
      ['ls', '-f', '-F', 'groups,IPV4,Name'],
    ],
  },
  {
    title: 'all columns',
    normalise: (text) => numbers(text).replace(/ +/g, ' '),
    lines: [['ls', '-f', '-F', 'NAME,STATE,PID,RAM,SWAP,AUTOSTART,GROUPS,INTERFACE,IPV4,IPV6,UNPRIVILEGED']],
  },
  {
    title: 'states',
    lines: [
      ['ls', '-1', '--active'],
      ['ls', '-1', '--running'],
      ['ls', '-1', '--frozen'],
      ['ls', '-1', '--stopped'],
      ['ls', '-1', '--defined'],
    ],
  },
  {
    title: 'two states',
    differs: 'with LXC nothing can be both; ours lists what is either',
    lines: [['ls', '-1', '--running', '--stopped']],
  },
  {
    title: 'patterns and groups',
    lines: [
      ['ls', '-1', '--filter', 'run$'],
      ['ls', '-1', 'run$'],
      ['ls', '-1', '--filter', '[[:digit:]]?stop+ed'],
      ['ls', '-1', '--filter', 'nothing'],
      ['ls', '-1', '-g', 'nogroup'],
      ['ls', '-f', '--filter', 'nothing'],
    ],
  },
  {
    title: 'a column that does not exist',
    compare: 'code',
    differs: 'LXC prints the error and calls it a success',
    lines: [['ls', '-f', '-F', 'NAME,COLOUR']],
  },
];
