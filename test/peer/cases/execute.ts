import type { PeerCase } from '../peer-case.ts';

const execute = (...args: string[]) => ['execute', '-n', '@stopped', ...args];
const sh = (script: string) => ['--', '/bin/sh', '-c', script];

export const CASES: readonly PeerCase[] = [
  {
    title: 'exit codes, output, input',
    input: 'some\ninput',
    lines: [execute(...sh('exit 5')), execute(...sh('kill -KILL $$')), execute('--', 'cat')],
  },
  {
    title: 'process numbers, ids, working directory, host name',
    lines: [
      execute(...sh('echo $$ $PPID; pwd')),
      execute('-u', '1000', '-g', '1001', '--', 'id'),
      execute('-s', 'lxc.uts.name=other', '--', 'hostname'),
    ],
  },
  {
    title: 'it ends with its last process',
    lines: [execute(...sh('(sleep 1; echo late) & exit 7'))],
  },
  {
    title: 'no such container, one that runs',
    compare: 'code',
    lines: [
      ['execute', '-n', '@none', '--', 'true'],
      ['execute', '-n', '@run', '--', 'true'],
    ],
  },
  {
    title: 'a program that is not there',
    compare: 'code',
    differs: 'LXC says 255, we say as shells do 127',
    lines: [execute('--', '/no/such/program')],
  },
  {
    title: 'no program',
    compare: 'code',
    differs: 'LXC 5.0 crashes',
    lines: [execute()],
  },
];
