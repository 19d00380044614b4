import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION } from '../parse/common-options.ts';

const { name: _name, rcfile: _rcfile, ...common } = CONTAINER_OPTIONS;

export const spec = defineSpec({
  name: 'import',
  summary: 'make a container of an archive of tslxc-export',
  synopsis: ['[OPTIONS] FILE [-N NEWNAME]'],
  description: [
    'Verifies the digests of the archive, looks at the config, and unpacks the files where nothing but the root filesystem of the new container can be written. When anything fails, or on Ctrl-C, nothing is left.',
    'A config that runs programs on the host (hooks, network scripts), mounts or writes paths of the host, includes files that do not come with LXC, or shares namespaces, is refused with the lines in question, unless --trust is given.',
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
      summary: 'take a config that runs programs on this host or names paths of it',
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
