import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

const { logfile, ...others } = CONTAINER_OPTIONS;

export const spec = defineSpec({
  name: 'export',
  summary: 'put a stopped container or a snapshot into one file',
  synopsis: ['[OPTIONS] [-n] NAME [-o FILE]', '[OPTIONS] [-n] NAME -s SNAPSHOT [-o FILE]'],
  description: [
    'Writes an archive with the config, the files of the container directory that the config names, and the root filesystem with owners as numbers, modes, ACLs, extended attributes, hard links and holes; sockets are left out. tslxc-import makes a container of it, also on another host.',
    'The archive is a tar of a few plain files, one of which (rootfs.tar.zst) is the packed root filesystem; tslxc-export.json describes them with their sizes and SHA-256 digests. It appears under its name when it is whole.',
  ],
  options: {
    output: {
      short: 'o',
      kind: 'required',
      argument: 'FILE',
      summary: 'write to FILE, which must not exist',
      default: 'NAME.tslxc, or NAME-SNAPSHOT.tslxc, in the working directory',
      extension: true,
      complete: 'file',
    },
    snapshot: {
      short: 's',
      kind: 'required',
      argument: 'SNAPSHOT',
      summary: 'a snapshot instead of the container itself, which may run then',
      extension: true,
      complete: 'snapshot',
    },
    compress: {
      kind: 'required',
      argument: 'PROGRAM',
      summary: 'pack with zstd, gzip or xz',
      default: 'the first of these that is installed',
      extension: true,
      complete: { words: ['zstd', 'gzip', 'xz'] },
    },
    logfile: {
      kind: 'required',
      argument: 'FILE',
      summary: logfile.summary,
      default: 'none',
      complete: 'file',
    },
    ...others,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'required',
  operands: [],
  exitCodes: [
    ['0', 'the archive is written'],
    ['1', 'the container runs, the file exists, or another error; no archive is left'],
  ],
  examples: [
    { command: 'tslxc-export -n web', meaning: 'web.tslxc in this directory' },
    {
      command: 'tslxc-export -n web -s snap0 -o /backup/web.tslxc',
      meaning: 'a snapshot of a running container',
    },
  ],
  seeAlso: ['import', 'copy', 'snapshot'],
});
