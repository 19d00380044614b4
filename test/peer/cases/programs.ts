/** What programs that drive LXC rely on. */
import type { PeerCase } from '../peer-case.ts';

const COMMANDS = ['attach', 'cgroup', 'console', 'copy', 'create', 'destroy', 'execute', 'freeze', 'info'];
const MORE = [
  'ls',
  'monitor',
  'snapshot',
  'start',
  'stop',
  'top',
  'unfreeze',
  'wait',
  'checkpoint',
  'device',
];
const PRINTS = ['/bin/sh', '-c', 'echo OUT; echo ERR >&2'];

const inForeground = (...args: string[]) => ['start', '-n', '@stopped', '-F', ...args];

export const CASES: readonly PeerCase[] = [
  { title: 'versions', lines: [...COMMANDS, ...MORE].map((name) => [name, '--version']) },
  {
    title: 'the first line of checkconfig',
    normalise: (text) => text.split('\n', 1)[0]!,
    lines: [['checkconfig']],
  },
  {
    title: 'spare arguments are passed over',
    lines: [
      ['info', '-n', '@run', '-sH', ''],
      ['info', '-n', '@run', '-sH', 'spare'],
      ['freeze', '@run', 'spare'],
      ['unfreeze', '-n', '@run', ''],
      ['wait', '-n', '@run', '-s', 'RUNNING', '', 'spare'],
      ['stop', '-n', '@stopped', ''],
      ['snapshot', '-n', '@stopped', '-L', 'spare'],
      ['info', '-n', '@run', '-sH', '-l', '3', '-o', 'none'],
    ],
  },
  {
    title: 'a start in the foreground without a console has the streams of its caller',
    input: 'in\n',
    lines: [
      inForeground('-s', 'lxc.console.path=none', '--', ...PRINTS),
      inForeground('-c', 'none', '--', '/bin/sh', '-c', 'cat; echo OUT'),
      inForeground('-c', 'none', '-s', 'lxc.console.logfile=/dev/stdout', '--', ...PRINTS),
    ],
  },
  {
    title: 'templates of LXC are found by name',
    compare: 'code',
    lines: [
      ['create', '-t', 'download', '--help'],
      ['create', '-t', 'sshd', '--help'],
      ['create', '-n', '@made', '-t', 'no-such'],
    ],
  },
];
