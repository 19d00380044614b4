import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'snapshot',
  summary: 'take, list, restore and remove snapshots of a container',
  synopsis: [
    '[OPTIONS] [-n] NAME [-c FILE]',
    '[OPTIONS] [-n] NAME -L [-C]',
    '[OPTIONS] [-n] NAME -r SNAPSHOT [-N NEWNAME]',
    '[OPTIONS] [-n] NAME -d SNAPSHOT|ALL',
    '[OPTIONS] [-n] NAME --tree',
  ],
  description: [
    'Without -L, -r or -d it takes a snapshot of a stopped container, named snap0, snap1 and so on.',
    'A snapshot of a plain directory costs the same for any size: its files become a read-only layer in .layers of the container directory, and container and snapshot each write into a directory of their own above it. On btrfs, and on xfs with reflinks, the files are copied, but share their blocks. With --full everything is copied.',
    'A snapshot is restored as a new container with -N, else in place of the container itself, which is lost.',
  ],
  options: {
    comment: {
      short: 'c',
      kind: 'required',
      argument: 'FILE',
      summary: 'keep the text of FILE with the new snapshot',
      conflicts: ['list', 'restore', 'destroy'],
      complete: 'file',
    },
    list: { short: 'L', kind: 'none', summary: 'list snapshots', conflicts: ['restore', 'destroy'] },
    showcomments: { short: 'C', kind: 'none', summary: 'with -L, print the comments too' },
    restore: {
      short: 'r',
      kind: 'required',
      argument: 'SNAPSHOT',
      summary: 'restore a snapshot',
      conflicts: ['destroy'],
      complete: 'snapshot',
    },
    newname: {
      short: 'N',
      kind: 'required',
      argument: 'NEWNAME',
      summary: 'with -r, the name of the container to make',
      default: 'the container itself',
      requires: ['restore'],
    },
    destroy: {
      short: 'd',
      kind: 'required',
      argument: 'SNAPSHOT',
      summary: 'remove a snapshot, or with ALL every one',
      complete: 'snapshot',
    },
    full: {
      kind: 'none',
      extension: true,
      summary: 'copy all files, instead of sharing them',
      conflicts: ['list', 'destroy', 'tree'],
    },
    tree: {
      kind: 'none',
      extension: true,
      summary: 'show the container, its snapshots and all that share files with them',
      conflicts: ['list', 'restore', 'destroy', 'comment'],
    },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [{ name: 'NEWNAME', summary: 'with -r, the same as -N' }],
  exitCodes: [
    ['0', 'done, also when there is no snapshot to list'],
    ['1', 'the container runs, there is no such snapshot, or another error'],
  ],
  examples: [
    { command: 'tslxc-snapshot -n web -c note.txt', meaning: 'take one with a comment' },
    { command: 'tslxc-snapshot -n web -L -C', meaning: 'list them with comments' },
    { command: 'tslxc-snapshot -n web -r snap0 -N web2', meaning: 'make a new container of one' },
    { command: 'tslxc-snapshot -n web --tree', meaning: 'who shares files with whom' },
    { command: 'tslxc-snapshot -n web -d ALL', meaning: 'remove all' },
  ],
  seeAlso: ['copy', 'create', 'destroy'],
});
