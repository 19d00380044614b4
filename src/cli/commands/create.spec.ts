import { defineSpec, type OptionSpec } from '../command-spec.ts';
import { CONTAINER_OPTIONS, NO_RCFILE } from '../common-options.ts';

/** Options of backing stores that are not there yet. */
function storeOption<const Argument extends string>(argument: Argument, summary: string, store: string) {
  return {
    kind: 'required',
    argument,
    summary,
    unsupported: `${store} comes in a later version; this one keeps a root filesystem in a directory`,
  } as const satisfies OptionSpec;
}

export const spec = defineSpec({
  name: 'create',
  summary: 'create a container from a template',
  synopsis: ['[OPTIONS] [-n] NAME -t TEMPLATE [-- TEMPLATE-OPTION...]', '-t TEMPLATE -h'],
  description: [
    'Makes a container directory, writes its config, and runs a template: a script that fills the root filesystem and adds to the config. What follows -- goes to the template; with -h after -t TEMPLATE the template tells what it takes.',
    'When anything fails, or on Ctrl-C, nothing is left behind.',
  ],
  options: {
    template: {
      short: 't',
      kind: 'required',
      argument: 'TEMPLATE',
      summary: 'name of a template, absolute path of one, or none for a container without a root filesystem',
      complete: 'template',
    },
    config: {
      short: 'f',
      kind: 'required',
      argument: 'FILE',
      summary: 'file that its config begins with',
      default: 'lxc.default_config of tslxc.conf',
      complete: 'file',
    },
    bdev: {
      short: 'B',
      kind: 'required',
      argument: 'STORE',
      summary: 'backing store of the root filesystem; the first of a comma list that this host has',
      default: 'dir',
      complete: { words: ['dir', 'best', 'none'] },
    },
    dir: {
      kind: 'required',
      argument: 'PATH',
      summary: 'directory for the root filesystem',
      default: 'rootfs in the container directory',
      complete: 'directory',
    },
    lvname: storeOption('NAME', 'name of the LVM volume', 'LVM'),
    vgname: storeOption('NAME', 'LVM volume group', 'LVM'),
    thinpool: storeOption('NAME', 'LVM thin pool', 'LVM'),
    rbdname: storeOption('NAME', 'name of the Ceph image', 'Ceph'),
    rbdpool: storeOption('NAME', 'Ceph pool', 'Ceph'),
    rbduser: storeOption('NAME', 'Ceph user', 'Ceph'),
    zfsroot: storeOption('DATASET', 'ZFS dataset to create it under', 'ZFS'),
    fstype: storeOption(
      'TYPE',
      'filesystem to make on a volume or image',
      'a volume or image with its own filesystem',
    ),
    fssize: storeOption('SIZE', 'size of a volume or image', 'a volume or image with its own filesystem'),
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
  },
  container: 'required',
  operands: [{ name: 'TEMPLATE-OPTION', summary: 'passed to the template, after --', many: true }],
  exitCodes: [
    ['0', 'created'],
    ['1', 'an error; nothing is left of the container'],
  ],
  examples: [
    { command: 'tslxc-create -n web -t debian -- -r bookworm', meaning: 'a Debian 12' },
    { command: 'tslxc-create -t debian -h', meaning: 'what the debian template takes' },
    {
      command: 'tslxc-create -n old -t /usr/share/lxc/templates/lxc-busybox',
      meaning: "a template of LXC's",
    },
  ],
  seeAlso: ['start', 'destroy', 'snapshot', 'tslxc.container.conf(5)'],
});
