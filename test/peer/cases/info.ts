import type { PeerCase } from '../peer-case.ts';

const numbers = (text: string) => text.replace(/\d+(\.\d+)?/g, 'N');
const units = (text: string) => numbers(text).replace(/N (bytes|[KMG]iB)/g, 'SIZE');

export const CASES: readonly PeerCase[] = [
  {
    title: 'a container that runs',
    normalise: units,
    lines: [
      ['info', '-n', '@run'],
      ['info', '-n', '@run', '-p'],
      ['info', '-n', '@run', '-S'],
      ['info', '-n', '@run', '-s', '-p'],
      ['info', '@run', '-i'],
    ],
  },
  {
    title: 'bare values',
    normalise: numbers,
    lines: [
      ['info', '-n', '@run', '-sH'],
      ['info', '-n', '@run', '-pH'],
      ['info', '-n', '@run', '-iH'],
      ['info', '-n', '@run', '-spH'],
      ['info', '-n', '@run', '-SH'],
      ['info', '-n', '@run', '-H'],
    ],
  },
  {
    title: 'a container that does not run',
    lines: [
      ['info', '-n', '@stopped'],
      ['info', '-n', '@stopped', '-p'],
      ['info', '-n', '@stopped', '-SH'],
    ],
  },
  {
    title: 'keys of the config',
    lines: [
      ['info', '-n', '@run', '-c', 'lxc.net.0.type'],
      ['info', '-n', '@run', '-c', 'lxc.net.0.type', '-H'],
      ['info', '-n', '@run', '-c', 'lxc.net.0.type', '-c', 'lxc.uts.name', '-H'],
      ['info', '-n', '@stopped', '-c', 'lxc.group'],
      ['info', '-n', '@stopped', '-c', 'lxc.start.order'],
      ['info', '-n', '@stopped', '-c', 'lxc.bogus'],
      ['info', '-n', '@stopped', '-s', '-c', 'lxc.start.auto'],
    ],
  },
  { title: 'no such container', lines: [['info', '-n', '@none'], ['info']] },
];
