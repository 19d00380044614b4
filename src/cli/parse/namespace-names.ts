import { CLONE } from '../../kernel/constants.ts';
import { flagList } from './flag-list.ts';

/** LXC's names of namespaces, and those of the kernel's files in /proc/PID/ns. */
const NAMESPACES = {
  MOUNT: CLONE.NEWNS,
  PID: CLONE.NEWPID,
  UTSNAME: CLONE.NEWUTS,
  IPC: CLONE.NEWIPC,
  USER: CLONE.NEWUSER,
  NETWORK: CLONE.NEWNET,
  CGROUP: CLONE.NEWCGROUP,
  TIME: CLONE.NEWTIME,
  MNT: CLONE.NEWNS,
  UTS: CLONE.NEWUTS,
  NET: CLONE.NEWNET,
};

/** For the texts of options. */
export const NAMESPACE_WORDS = [
  'MOUNT',
  'PID',
  'UTSNAME',
  'IPC',
  'USER',
  'NETWORK',
  'CGROUP',
  'TIME',
] as const;

/** `NETWORK|UTSNAME` as CLONE_NEW* bits. @throws TslxcError USAGE */
export function namespaceBits(list: string): number {
  return flagList(list, NAMESPACES, 'namespace').reduce((bits, bit) => bits | bit, 0);
}
