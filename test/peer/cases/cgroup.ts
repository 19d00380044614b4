import type { PeerCase } from '../peer-case.ts';

export const CASES: readonly PeerCase[] = [
  {
    title: 'a limit is set and read back',
    normalise: (text) => text.trimEnd(),
    lines: [
      ['cgroup', '-n', '@run', 'pids.max', '77'],
      ['cgroup', '-n', '@run', 'pids.max'],
    ],
  },
  {
    title: 'no such file, a value that the kernel refuses, no file, not running',
    compare: 'code',
    lines: [
      ['cgroup', '-n', '@run', 'no.such.file'],
      ['cgroup', '-n', '@run', 'pids.max', 'many'],
      ['cgroup', '-n', '@run'],
      ['cgroup', '-n', '@stopped', 'pids.max'],
    ],
  },
];
