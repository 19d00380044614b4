import type { PeerCase } from '../peer-case.ts';

export const CASES: readonly PeerCase[] = [
  {
    title: 'freeze and unfreeze, also twice, and of a stopped container',
    lines: [
      ['freeze', '-n', '@run'],
      ['info', '-n', '@run', '-sH'],
      ['freeze', '@run'],
      ['ls', '-1', '--frozen'],
      ['unfreeze', '-n', '@run'],
      ['info', '-n', '@run', '-sH'],
      ['unfreeze', '-n', '@run'],
      ['freeze', '-n', '@stopped'],
      ['freeze', '-n', '@none'],
      ['freeze'],
    ],
  },
  {
    title: 'unfreeze of a stopped container',
    differs: 'a success with LXC, though freeze fails',
    lines: [['unfreeze', '-n', '@stopped']],
  },
  {
    title: 'wait',
    lines: [
      ['wait', '-n', '@run', '-s', 'RUNNING'],
      ['wait', '-n', '@run', '-s', 'STOPPED|RUNNING', '-t', '5'],
      ['wait', '-n', '@run', '-s', 'STOPPED', '-t', '1'],
      ['wait', '-n', '@stopped', '-s', 'STOPPED'],
      ['wait', '-n', '@none', '-s', 'STOPPED'],
      ['wait', '-n', '@run'],
      ['wait', '-n', '@run', '-s', 'ASLEEP'],
    ],
  },
  {
    title: 'stop: exit codes, and options that exclude each other',
    lines: [
      ['stop', '-n', '@stopped'],
      ['stop', '-n', '@none'],
      ['stop', '-n', '@stopped', '-k'],
      ['stop', '-n', '@run', '-k', '-r'],
      ['stop', '-n', '@run', '-k', '--nokill'],
      ['stop', '-n', '@run', '-k', '-t', '3'],
      ['stop', '-n', '@run', '--nolock'],
      ['stop'],
      ['info', '-n', '@run', '-sH'],
      ['stop', '-n', '@run', '-k'],
      ['info', '-n', '@run', '-sH'],
      ['stop', '-n', '@run'],
      ['start', '-n', '@run'],
    ],
  },
  {
    title: 'monitor: a kill, a start, a freeze',
    beside: ['monitor', '-n', '@run'],
    lines: [
      ['stop', '-n', '@run', '-k'],
      ['start', '-n', '@run'],
      ['freeze', '-n', '@run'],
      ['unfreeze', '-n', '@run'],
    ],
    // LXC says FROZEN and THAWED twice.
    normalise: (text) => text.replace(/^(.*\n)\1/gm, '$1'),
  },
  {
    title: 'autostart: containers that would be touched',
    lines: [
      ['autostart', '-L'],
      ['autostart', '-L', '-a'],
      ['autostart', '-L', '-A', '-a'],
      ['autostart', '-L', '-A'],
      ['autostart', '-L', '-k', '-A', '-a'],
      ['autostart', '-L', '-s', '-A'],
      ['autostart', '-L', '-r', '-A', '-a'],
      ['autostart', '-L', '-A', '-g', 'web'],
    ],
  },
];
