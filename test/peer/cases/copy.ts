import type { PeerCase } from '../peer-case.ts';

/** Random names, dates and places are not the same. */
const alike = (text: string) => text.replace(/\d{4}:\d\d:\d\d \d\d:\d\d:\d\d/g, 'DATE');

export const CASES: readonly PeerCase[] = [
  { title: 'copy without a new name', lines: [['copy', '-n', '@stopped']], compare: 'code' },
  {
    title: 'copy of a container that does not exist',
    lines: [['copy', '-n', '@none', '-N', '@copy']],
    compare: 'code',
  },
  {
    title: 'copy onto an existing container',
    lines: [['copy', '-n', '@stopped', '-N', '@run']],
    compare: 'code',
  },
  { title: 'copy onto itself', lines: [['copy', '-n', '@stopped', '-N', '@stopped']], compare: 'code' },
  { title: 'copy of a running container', lines: [['copy', '-n', '@run', '-N', '@copy']], compare: 'code' },
  {
    title: 'rename of a running container',
    lines: [['copy', '-n', '@run', '-N', '@copy', '-R']],
    compare: 'code',
  },
  {
    title: 'ephemeral copy of a running container',
    lines: [['copy', '-n', '@run', '-N', '@copy', '-e']],
    compare: 'code',
  },
  {
    title: 'copy, list, destroy',
    lines: [
      ['copy', '-n', '@stopped', '-N', '@copy'],
      ['ls', '-1'],
      ['destroy', '-n', '@copy'],
    ],
  },
  {
    title: 'copy of a running container, allowed',
    lines: [
      ['copy', '-n', '@run', '-N', '@copy', '-a'],
      ['destroy', '-n', '@copy'],
    ],
  },
  {
    title: 'clone, clone of the clone, the original refused, all destroyed',
    lines: [
      ['copy', '-n', '@stopped', '-N', '@one', '-s'],
      ['copy', '-n', '@one', '-N', '@two', '-s'],
      ['destroy', '-n', '@two'],
      ['destroy', '-n', '@one'],
    ],
  },
  {
    title: 'rename there and back',
    lines: [
      ['copy', '-n', '@stopped', '-N', '@other', '-R'],
      ['ls', '-1'],
      ['copy', '-n', '@other', '-N', '@stopped', '-R'],
    ],
  },
  {
    title: 'ephemeral copy with a command',
    lines: [['copy', '-n', '@stopped', '-N', '@eph', '-e', '--', '/bin/echo', 'hello']],
    normalise: (text) => text.split('\n').sort().join('\n'),
  },
  { title: 'snapshots: none', lines: [['snapshot', '-n', '@stopped', '-L']] },
  { title: 'snapshot of a running container', lines: [['snapshot', '-n', '@run']], compare: 'code' },
  {
    title: 'snapshot of a container that does not exist',
    lines: [['snapshot', '-n', '@none']],
    compare: 'code',
  },
  {
    title: 'snapshots: made, listed, restored, removed',
    lines: [
      ['snapshot', '-n', '@stopped', '-c', '/etc/debian_version'],
      ['snapshot', '-n', '@stopped'],
      ['snapshot', '-n', '@stopped', '-L'],
      ['snapshot', '-n', '@stopped', '-L', '-C'],
      ['snapshot', '-n', '@stopped', '-r', 'snap0', '-N', '@back'],
      ['snapshot', '-n', '@stopped', '-r', 'snap7', '-N', '@other'],
      ['destroy', '-n', '@stopped'],
      ['destroy', '-n', '@back'],
      ['snapshot', '-n', '@stopped', '-d', 'snap0'],
      ['snapshot', '-n', '@stopped', '-L'],
      ['snapshot', '-n', '@stopped', '-d', 'ALL'],
      ['snapshot', '-n', '@stopped', '-L'],
    ],
    normalise: alike,
  },
];
