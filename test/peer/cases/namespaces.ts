import type { PeerCase } from '../peer-case.ts';

const unshare = (...args: string[]) => ['unshare', ...args];
const usernsexec = (...args: string[]) => ['usernsexec', ...args];

export const CASES: readonly PeerCase[] = [
  {
    title: 'unshare: 0 only where the program ended with 0',
    lines: [
      unshare('-s', 'UTSNAME', '--', 'true'),
      unshare('-s', 'UTSNAME', '--', 'sh', '-c', 'exit 5'),
      unshare('-s', 'UTSNAME', '--', '/no/such/program'),
    ],
  },
  {
    title: 'unshare: host name, processes, network',
    lines: [
      unshare('-s', 'UTSNAME', '-H', 'elsewhere', '--', 'hostname'),
      unshare('-s', 'NETWORK', '--', 'sh', '-c', 'grep -c : /proc/self/net/dev'),
    ],
  },
  {
    title: 'unshare: an option without its namespace, no namespace, no command, no such namespace',
    lines: [
      unshare('-s', 'MOUNT', '-H', 'x', '--', 'true'),
      unshare('-s', 'MOUNT', '-i', 'lo', '--', 'true'),
      unshare('--', 'true'),
      unshare('-s', 'MOUNT'),
      unshare('-s', 'BOGUS', '--', 'true'),
    ],
  },
  {
    title: 'usernsexec: wrong maps',
    lines: [usernsexec('-m', 'u:0:bad', '--', 'true'), usernsexec('-m', 'b:5:100000:1000', '--', 'id')],
  },
  {
    title: 'usernsexec: a program that is not there, one that is killed',
    differs: 'LXC says 1 and 0, we say as shells do 127 and 137',
    lines: [
      usernsexec('-m', 'b:0:100000:10', '--', '/no/such/program'),
      usernsexec('-m', 'b:0:100000:10', '--', 'sh', '-c', 'kill -9 $$'),
    ],
  },
];
