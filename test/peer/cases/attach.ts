import type { PeerCase } from '../peer-case.ts';

const attach = (...args: string[]) => ['attach', '-n', '@run', ...args];
const sh = (script: string) => ['--', '/bin/sh', '-c', script];
const sorted = (text: string) => text.split('\n').sort().join('\n');

export const CASES: readonly PeerCase[] = [
  {
    title: 'exit codes: 0, 7, killed, not executable, not there',
    lines: [
      attach('--', '/bin/true'),
      attach(...sh('exit 7')),
      attach(...sh('kill -KILL $$')),
      attach(...sh('kill -TERM $$')),
      attach('--', '/etc/passwd'),
      attach('--', '/bin/no-such-program'),
      attach('--', 'no-such-program'),
    ],
  },
  {
    title: 'not running, not there',
    lines: [
      ['attach', '-n', '@stopped', '--', 'true'],
      ['attach', '-n', '@none', '--', 'true'],
    ],
  },
  {
    title: 'pipes stay pipes',
    input: 'some\ninput',
    lines: [attach('--', 'cat'), attach(...sh('test -t 0; echo $?'))],
  },
  {
    title: 'users and groups',
    lines: [
      attach('--', 'id'),
      attach('-u', '1000', '--', 'id'),
      attach('-u', '1000', '-g', '1001', '--', 'id'),
      attach('-g', '5', '--', 'id'),
    ],
  },
  {
    title: 'a clear environment, kept and set variables',
    normalise: sorted,
    lines: [
      attach('--clear-env', ...sh('echo $HOME $container; echo "[$LANG]"')),
      attach('--clear-env', '--keep-var', 'LANG', '-v', 'A=b c', ...sh('echo "$LANG $A"')),
      attach('--clear-env', '--', 'env'),
    ],
  },
  { title: 'working directory', lines: [attach('--', 'pwd')] },
  {
    title: 'capabilities and no_new_privs',
    lines: [attach('--', 'grep', '-E', '^(Cap|NoNew)', '/proc/self/status')],
  },
  {
    title: 'some namespaces only',
    lines: [attach('-s', 'NETWORK|UTSNAME', '--', 'hostname'), attach('-s', 'BOGUS', '--', 'true')],
  },
  {
    title: 'some namespaces only, with fresh /proc and /sys',
    lines: ['MOUNT|PID|NETWORK', 'PID', 'NETWORK', 'UTSNAME|IPC', 'PID|CGROUP', 'TIME', 'USER'].map((list) =>
      attach('-R', '-s', list, ...sh('tr "\\0" " " </proc/1/cmdline | head -c 20; ls -d /sys/class/net/lo')),
    ),
  },
  { title: 'fresh /proc and /sys with all namespaces', lines: [attach('-R', '--', 'hostname')] },
  { title: '-e LSM with -c', compare: 'code', lines: [attach('-eLSM', '-c', 'x', '--', 'true')] },
];
