import { defineSpec } from '../parse/command-options.ts';
import { JSON_OPTION } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'config',
  summary: "show settings of the system file, tslxc.conf; check and change a container's config",
  synopsis: [
    'KEY',
    '-l',
    'check [-P PATH] [-f FILE] [-s KEY=VALUE] NAME',
    'check --storage [--repair] [-P PATH]',
    'set [-P PATH] NAME KEY=VALUE...',
  ],
  description: [
    'Prints the value of a key of tslxc.conf, or its default. The beginning of a key will do.',
    'With the word check it tells everything that is wrong with the config of a container, without starting it: all mistakes in the file and in those that it includes, what cannot be done on this host, and what a start would find missing (root filesystem, init, bridge, ids). Settings without an effect and old names are warnings.',
    'With check --storage it looks at a container directory instead: layers that nobody stands on or that are missing, and what commands that were killed have left half done.',
    'With the word set it writes settings to the config of a container, and nothing else changes in the file: comments, order and includes stay. KEY= removes the lines of a key. A setting that would make the config invalid is refused, and the file stays as it was. What runs keeps what it has until its next start.',
  ],
  options: {
    list: { short: 'l', kind: 'none', summary: 'list the keys' },
    name: {
      short: 'n',
      kind: 'required',
      argument: 'NAME',
      summary: 'check, set: the container',
      extension: true,
      complete: 'container',
    },
    lxcpath: {
      short: 'P',
      kind: 'required',
      argument: 'PATH',
      summary: 'check, set: directory that holds the containers',
      default: 'lxc.lxcpath of tslxc.conf',
      extension: true,
      complete: 'directory',
    },
    rcfile: {
      short: 'f',
      kind: 'required',
      argument: 'FILE',
      summary: 'check: this config instead of the own one of the container',
      extension: true,
      complete: 'file',
    },
    define: {
      short: 's',
      kind: 'required',
      argument: 'KEY=VALUE',
      repeatable: true,
      summary: 'check: with this setting after those of the file',
      extension: true,
      complete: 'key',
    },
    storage: {
      kind: 'none',
      extension: true,
      summary: 'check: the storage of all containers instead of a config',
      conflicts: ['name', 'rcfile', 'define', 'list'],
    },
    repair: {
      kind: 'none',
      extension: true,
      summary: 'check: end or undo what is half done, and remove layers that nobody stands on',
      requires: ['storage'],
    },
    ...JSON_OPTION,
  },
  container: 'none',
  operands: [
    { name: 'KEY|check|set', summary: 'a key, or its beginning: the first that fits; or one of the words' },
    { name: 'NAME', summary: 'check, set: the container', complete: 'container' },
    { name: 'KEY=VALUE', summary: 'set: what to write', many: true },
  ],
  exitCodes: [
    ['0', 'done, also when the key is not set; nothing keeps the container from starting'],
    [
      '1',
      'there is no such key; the config has a mistake, or would have one; something is wrong with the storage',
    ],
  ],
  examples: [
    { command: 'tslxc-config lxc.lxcpath', meaning: 'where the containers are' },
    { command: 'tslxc-config check web', meaning: 'whether web could be started, and if not, all reasons' },
    { command: 'tslxc-config check --storage', meaning: 'whether anything is left over or missing' },
    {
      command: 'tslxc-config set web lxc.cgroup2.memory.max=2G lxc.start.auto=',
      meaning: 'a limit for web, which is not started by itself any more',
    },
  ],
  seeAlso: ['info', 'start', 'tslxc.conf(5)', 'tslxc.container.conf(5)'],
});
