/** The commands in the order in which a newcomer meets them, and what of LXC's is still to come. */
import type { CommandName } from './command-table.ts';

export const GROUPS: readonly (readonly [title: string, commands: readonly CommandName[]])[] = [
  [
    'Life of a container',
    ['create', 'start', 'execute', 'stop', 'freeze', 'unfreeze', 'autostart', 'destroy'],
  ],
  ['Inside', ['console', 'attach', 'cgroup', 'device', 'network']],
  ['Looking', ['ls', 'info', 'top', 'logs', 'wait', 'monitor']],
  ['Copies', ['snapshot', 'copy', 'export', 'import']],
  ['Host and configs', ['checkconfig', 'config', 'update-config', 'net']],
  ['Without a container', ['unshare', 'usernsexec']],
];

interface NotImplemented {
  readonly summary: string;
  /** What to do until it is there. */
  readonly instead: string;
}

/** Commands of LXC's that this version has not. */
export const NOT_IMPLEMENTED: Readonly<Record<string, NotImplemented>> = {
  checkpoint: {
    summary: 'keep the processes of a running container in files, and bring them back',
    instead: 'tslxc-freeze stops all processes of a container where they are',
  },
  'user-nic': {
    summary: 'network interfaces for containers of ordinary users',
    instead: 'containers are started by root in this version, which makes their interfaces by itself',
  },
};
