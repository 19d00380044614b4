import { defineSpec } from '../parse/command-options.ts';

export const spec = defineSpec({
  name: 'update-config',
  summary: 'rewrite the old names of keys in a config file',
  synopsis: ['-c FILE'],
  description: [
    'Config keys had other names up to LXC 2.0 (lxc.utsname, lxc.network.type, lxc.id_map ...). They still load, with a warning; this rewrites them in place and leaves everything else as it is.',
    'The file as it was is kept as FILE.backup when anything is changed.',
  ],
  options: {
    config: {
      short: 'c',
      kind: 'required',
      argument: 'FILE',
      summary: 'the config file',
      complete: 'file',
    },
    quiet: { short: 'q', kind: 'none', summary: 'print no error lines' },
  },
  container: 'none',
  operands: [{ name: 'FILE', summary: 'the same as -c FILE', complete: 'file' }],
  exitCodes: [
    ['0', 'done, also when there was nothing to change'],
    ['1', 'an error; the file is as it was'],
  ],
  examples: [{ command: 'tslxc-update-config -c /var/lib/tslxc/old/config', meaning: 'one container' }],
  seeAlso: ['config', 'tslxc.container.conf(5)'],
});
