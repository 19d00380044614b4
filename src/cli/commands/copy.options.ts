import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

const NOT_RENAMED = ['rename', 'flatten'] as const;

export const spec = defineSpec({
  name: 'copy',
  summary: 'copy, clone or rename a container, or run an ephemeral copy of it',
  synopsis: [
    '[OPTIONS] [-n] NAME -N NEWNAME [-s] [-B STORE] [-- HOOK-ARGUMENT...]',
    '[OPTIONS] [-n] NAME -N NEWNAME -R',
    '[OPTIONS] [-n] NAME -e [-N NEWNAME] [-d|-F] [-D] [-m MOUNT] [-- COMMAND...]',
    '[OPTIONS] [-n] NAME --flatten',
  ],
  description: [
    'Makes a container of its own out of a stopped one: with its own host name and MAC addresses, and copies of the files in the container directory that the config names.',
    'Without -s all files are copied. With -s original and copy share what there is: a volume is cloned by its own means; a plain directory becomes a read-only layer in .layers of the container directory, above which either writes into a directory of its own. That costs the same for any size. rootfs in the directory of each is then a link to its files, mounted as one tree; --flatten makes a plain directory again.',
    'With -e the copy writes above the files of the original where they are. The original stays as it is, and cannot be destroyed before the copy.',
    'With -e the copy is made like -s, started, and destroyed when it stops. A command after -- is run in it, then it is shut down.',
    'Long copies tell on a terminal how far they have come. When anything fails, or on Ctrl-C, nothing is left of the copy and the original is as it was.',
  ],
  options: {
    newname: {
      short: 'N',
      kind: 'required',
      argument: 'NEWNAME',
      summary: 'name of the copy',
      default: 'with -e NAME_ and six random characters',
    },
    newpath: {
      short: 'p',
      kind: 'required',
      argument: 'PATH',
      summary: 'container directory of the copy',
      default: 'that of the original',
      conflicts: NOT_RENAMED,
      complete: 'directory',
    },
    rename: {
      short: 'R',
      kind: 'none',
      summary: 'rename the container, with its snapshots',
      conflicts: ['snapshot', 'ephemeral', 'flatten', 'backingstorage', 'fssize', 'allowrunning'],
    },
    snapshot: {
      short: 's',
      kind: 'none',
      summary: 'share files with the original instead of copying them',
      conflicts: ['flatten'],
    },
    allowrunning: { short: 'a', kind: 'none', summary: 'copy a running container, as its files are now' },
    backingstorage: {
      short: 'B',
      kind: 'required',
      argument: 'STORE',
      summary: 'backing store of the copy',
      default: "the original's; dir for one on layers",
      conflicts: NOT_RENAMED,
      complete: { words: ['dir', 'overlay', 'btrfs', 'lvm', 'loop', 'zfs', 'best'] },
    },
    fssize: {
      short: 'L',
      kind: 'required',
      argument: 'SIZE',
      summary: 'size of the volume or image, with a unit k, m, g or t',
      default: "the original's",
      conflicts: NOT_RENAMED,
    },
    keepdata: {
      short: 'D',
      kind: 'none',
      summary: 'keep the ephemeral copy when it stops',
      requires: ['ephemeral'],
    },
    keepname: { short: 'K', kind: 'none', summary: 'keep the host name' },
    keepmac: { short: 'M', kind: 'none', summary: 'keep the MAC addresses' },
    ephemeral: {
      short: 'e',
      kind: 'none',
      summary: 'start a copy that is destroyed when it stops',
      conflicts: ['flatten'],
    },
    daemon: {
      short: 'd',
      kind: 'none',
      summary: 'run the ephemeral copy in the background (the default)',
      requires: ['ephemeral'],
      conflicts: ['foreground'],
    },
    foreground: {
      short: 'F',
      kind: 'none',
      summary: 'run the ephemeral copy with its console on this terminal',
      requires: ['ephemeral'],
    },
    mount: {
      short: 'm',
      kind: 'required',
      argument: 'MOUNT',
      repeatable: true,
      summary:
        'mount in the ephemeral copy: bind=SRC[:DST[:ro|rw]] or overlay=SRC[:DST] (writes are lost); several with commas',
      requires: ['ephemeral'],
    },
    tmpfs: {
      short: 't',
      kind: 'none',
      summary: 'keep what the ephemeral copy writes in memory',
      requires: ['ephemeral'],
      conflicts: ['keepdata'],
    },
    flatten: {
      kind: 'none',
      extension: true,
      summary: 'put all files of a container on layers back into its own rootfs',
      conflicts: ['newname'],
    },
    'dry-run': {
      kind: 'none',
      extension: true,
      summary: 'say how the root filesystem would be copied, and make nothing',
      conflicts: ['rename', 'flatten', 'json'],
    },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [
    { name: 'ARGUMENT', summary: 'after --: for the clone hooks, or with -e a command to run', many: true },
  ],
  exitCodes: [
    ['0', 'done'],
    ['1', 'an error; nothing is left of the copy'],
    ['N', 'with -e: of the command, or with -F of init'],
  ],
  examples: [
    { command: 'tslxc-copy -n web -N web2', meaning: 'a full copy' },
    {
      command: 'tslxc-copy -n web -N web2 -s',
      meaning: 'a clone that shares all files until they are written',
    },
    { command: 'tslxc-copy -n web -N web2 -B btrfs', meaning: 'move to another backing store' },
    { command: 'tslxc-copy -n web -N www -R', meaning: 'rename' },
    { command: 'tslxc-copy -n web -e -- apt-get -y upgrade', meaning: 'try something out' },
    { command: 'tslxc-copy -n web --flatten', meaning: 'share nothing any more' },
  ],
  seeAlso: ['create', 'snapshot', 'destroy', 'export'],
});
