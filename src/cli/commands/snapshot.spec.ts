import { defineSpec } from '../command-spec.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../common-options.ts';

export const spec = defineSpec({
  name: 'snapshot',
  summary: 'take, list, restore and remove snapshots of a container',
  synopsis: [
    '[OPTIONS] [-n] NAME [-c FILE]',
    '[OPTIONS] [-n] NAME -L [-C]',
    '[OPTIONS] [-n] NAME -r SNAPSHOT [-N NEWNAME]',
    '[OPTIONS] [-n] NAME -d SNAPSHOT|ALL',
  ],
  description: [
    'Without -L, -r or -d it takes a snapshot of a stopped container, named snap0, snap1 and so on.',
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
    { command: 'tslxc-snapshot -n web -d ALL', meaning: 'remove all' },
  ],
  seeAlso: ['create', 'destroy'],
});
