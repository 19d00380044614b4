import type { PeerCase } from '../peer-case.ts';

const on = (command: string, name: string, ...args: string[]) => [command, '-n', name, ...args];
const create = (...args: string[]) => on('create', '@made', ...args);

export const CASES: readonly PeerCase[] = [
  {
    title: 'create: made, there already, destroyed, not there any more',
    compare: 'code',
    lines: [
      create('-t', 'none'),
      create('-t', 'none'),
      on('destroy', '@made'),
      on('destroy', '@made'),
      on('info', '@made'),
    ],
  },
  {
    title: 'create: from a template, started and destroyed by force',
    compare: 'code',
    lines: [
      create('-t', 'busybox', '-f', '@config'),
      on('start', '@made'),
      on('destroy', '@made'),
      on('destroy', '@made', '-f'),
      on('info', '@made'),
    ],
  },
  {
    title: 'create: no template, one that is not there, no such store',
    compare: 'code',
    lines: [
      create(),
      create('-t', 'no-such-template'),
      create('-t', 'none', '-B', 'no-such-store'),
      on('info', '@made'),
    ],
  },
  {
    title: 'create: a config that is not there',
    compare: 'code',
    differs: 'LXC makes a container without it',
    lines: [create('-t', 'none', '-f', '/no/such/file'), on('destroy', '@made')],
  },
  {
    title: 'create: the template’s own help, and one that fails',
    compare: 'code',
    lines: [create('-t', 'busybox', '-h'), create('-t', '/bin/false'), on('info', '@made')],
  },
  {
    title: 'destroy: running, not there',
    compare: 'code',
    lines: [on('destroy', '@run'), on('destroy', '@none')],
  },
  {
    title: 'stop: not running, not there, a wrong path',
    lines: [
      on('stop', '@stopped'),
      on('stop', '@stopped', '-k'),
      on('stop', '@none'),
      on('stop', '@none', '-r'),
    ],
  },
  {
    title: 'stop: options that make no sense together',
    compare: 'code',
    lines: [
      on('stop', '@run', '-k', '-r'),
      on('stop', '@run', '-k', '--nokill'),
      on('stop', '@run', '-k', '-t', '5'),
      on('stop', '@run', '--nolock'),
      on('stop', '@run', '-t', 'soon'),
      on('info', '@run', '-s'),
    ],
  },
  {
    title: 'stop: a timeout that makes no sense',
    compare: 'code',
    differs: 'LXC 5.0 takes it',
    lines: [on('stop', '@stopped', '-t', '-2')],
  },
  {
    title: 'stop: a shutdown, a kill, a request that is not waited for',
    compare: 'code',
    lines: [
      on('start', '@stopped'),
      on('stop', '@stopped', '-t', '20'),
      on('start', '@stopped', '-d'),
      on('stop', '@stopped', '-k', '--nolock'),
      on('start', '@stopped'),
      on('stop', '@stopped', '-W'),
      on('wait', '@stopped', '-s', 'STOPPED', '-t', '20'),
    ],
  },
  {
    title: 'stop: init does not answer, and is not to be killed',
    compare: 'code',
    lines: [
      on('start', '@stopped', '--', '/bin/sh', '-c', 'trap "" USR1; while :; do sleep 1; done'),
      on('stop', '@stopped', '-t', '1', '--nokill'),
      on('info', '@stopped', '-s'),
      on('stop', '@stopped', '-t', '1'),
      on('info', '@stopped', '-s'),
    ],
  },
  {
    title: 'start: not there, no such init, a bad setting, a config that is not there',
    compare: 'code',
    lines: [
      on('start', '@none'),
      on('start', '@stopped', '--', '/no/such/init'),
      on('start', '@stopped', '-s', 'lxc.bogus=1'),
      on('start', '@stopped', '-f', '/no/such/file'),
      on('info', '@stopped', '-s'),
    ],
  },
  {
    title: 'start: one that runs',
    lines: [on('start', '@run'), on('start', '@run', '-d'), on('start', '@run', '-F')],
  },
  {
    title: 'start -F: the exit status of init',
    compare: 'code',
    differs: 'LXC says 0 whatever happened, we say what init said',
    lines: [on('start', '@stopped', '-F', '--', '/bin/sh', '-c', 'exit 3')],
  },
  {
    title: 'start -F: output of init to a pipe',
    differs: 'LXC shows the console on a terminal only',
    normalise: (text) => text.replaceAll('\r', ''),
    lines: [on('start', '@stopped', '-F', '--', '/bin/sh', '-c', 'echo one; echo two >&2')],
  },
  {
    title: 'console: not running, not there, no such tty',
    compare: 'code',
    lines: [on('console', '@stopped'), on('console', '@none'), on('console', '@run', '-t', '99')],
  },
];
