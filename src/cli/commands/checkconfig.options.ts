import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION } from '../parse/common-options.ts';

export const spec = defineSpec({
  name: 'checkconfig',
  summary: 'show what this host has and lacks for containers',
  synopsis: ['[OPTIONS]'],
  description: [
    'Looks at the kernel, its namespaces, control groups, security modules, network devices and file systems, at the programs that tslxc uses, and tries whether this Node can be forked. For each thing that is missing it says what cannot be done without it and how to get it. Nothing is changed, and no kernel module is loaded.',
    'The variable CONFIG names the configuration file of another kernel, to be looked at before it is booted.',
  ],
  options: {
    lxcpath: {
      ...CONTAINER_OPTIONS.lxcpath,
      extension: true,
      summary: 'directory that is to hold the containers',
    },
    missing: { kind: 'none', extension: true, summary: 'only what is missing' },
    ...JSON_OPTION,
  },
  container: 'none',
  operands: [],
  exitCodes: [
    ['0', 'a container could start; other things may be missing'],
    ['1', 'no container could start'],
  ],
  examples: [
    { command: 'tslxc-checkconfig --missing', meaning: 'what could be better' },
    { command: 'CONFIG=/boot/config-6.12 tslxc-checkconfig', meaning: 'before a new kernel is booted' },
  ],
  seeAlso: ['start', 'config', 'tslxc(7)'],
});
