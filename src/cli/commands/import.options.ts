import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION } from '../parse/common-options.ts';

const { name: _name, rcfile: _rcfile, ...common } = CONTAINER_OPTIONS;

export const spec = defineSpec({
  name: 'import',
  summary: 'make a container of an archive of tslxc-export',
  synopsis: ['[OPTIONS] FILE [-N NEWNAME]'],
  description: [
    'Verifies the digests of the archive, looks at the config, and unpacks the files where nothing but the root filesystem of the new container can be written. When anything fails, or on Ctrl-C, nothing is left.',
    'Without --trust the container gets no more than the configs that come with tslxc give: a line that asks for more is refused, with the line and what it would do. Refused are hooks and scripts of the host, mounts of the host, more of /proc and /sys to write to, capabilities, devices, another seccomp policy or none, ids of the users of this host, other networks than the default bridge, a start with the host, kernel parameters, resource limits, and files of the host.',
    'Without --trust a config without an id map gets one, with 65536 ids that no other container has (from the ranges of root in /etc/subuid and /etc/subgid, else from 1000000 on), a config without common.conf includes it, lxc.environment is not for hooks, and device nodes that lead to the host are left out. All of it is told.',
    'Under another name the container gets that host name and MAC addresses of its own.',
  ],
  options: {
    newname: {
      short: 'N',
      kind: 'required',
      argument: 'NEWNAME',
      summary: 'name of the container',
      default: 'the one in the archive',
      extension: true,
    },
    trust: {
      kind: 'none',
      extension: true,
      summary: 'take all lines of the config, and all device nodes, whatever they may do to this host',
    },
    'max-size': {
      kind: 'required',
      argument: 'SIZE',
      extension: true,
      summary: 'bytes that its files may have together, with a unit k, m or g; 0 for no limit',
      default: '64g',
    },
    'max-files': {
      kind: 'required',
      argument: 'NUMBER',
      extension: true,
      summary: 'files that it may have; 0 for no limit',
      default: '4000000',
    },
    ...common,
    ...JSON_OPTION,
  },
  container: 'none',
  operands: [{ name: 'FILE', summary: 'the archive', required: true, complete: 'file' }],
  exitCodes: [
    ['0', 'the container is there'],
    ['1', 'the archive is damaged or not to be trusted, the container exists, or another error'],
  ],
  examples: [
    { command: 'tslxc-import web.tslxc', meaning: 'the container web' },
    { command: 'tslxc-import web.tslxc -N web2', meaning: 'under another name' },
  ],
  seeAlso: ['export', 'copy'],
});
