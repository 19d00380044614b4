import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, NO_RCFILE } from '../parse/common-options.ts';

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
      complete: { words: ['dir', 'overlay', 'btrfs', 'loop', 'lvm', 'zfs', 'rbd', 'best', 'none'] },
    },
    dir: {
      kind: 'required',
      argument: 'PATH',
      summary: 'dir: directory for the root filesystem',
      default: 'rootfs in the container directory',
      complete: 'directory',
    },
    lvname: {
      kind: 'required',
      argument: 'NAME',
      summary: 'lvm: name of the logical volume',
      default: "the container's name",
    },
    vgname: {
      kind: 'required',
      argument: 'NAME',
      summary: 'lvm: volume group',
      default: 'lxc.bdev.lvm.vg of tslxc.conf',
    },
    thinpool: {
      kind: 'required',
      argument: 'NAME',
      summary: 'lvm: thin pool; without one of that name the volume is a thick one',
      default: 'lxc.bdev.lvm.thin_pool of tslxc.conf',
    },
    rbdname: {
      kind: 'required',
      argument: 'NAME',
      summary: 'rbd: name of the Ceph image',
      default: "the container's name",
    },
    rbdpool: {
      kind: 'required',
      argument: 'NAME',
      summary: 'rbd: Ceph pool',
      default: 'lxc.bdev.rbd.rbdpool of tslxc.conf',
    },
    rbduser: {
      kind: 'required',
      argument: 'NAME',
      summary: 'rbd: Ceph user',
      default: 'lxc.bdev.rbd.rbduser of tslxc.conf',
    },
    zfsroot: {
      kind: 'required',
      argument: 'DATASET',
      summary: 'zfs: dataset to create it under',
      default: 'lxc.bdev.zfs.root of tslxc.conf',
    },
    fstype: {
      kind: 'required',
      argument: 'TYPE',
      summary: 'loop, lvm and rbd: filesystem to make',
      default: 'ext4',
      complete: { words: ['ext4', 'xfs', 'btrfs'] },
    },
    fssize: {
      kind: 'required',
      argument: 'SIZE',
      summary:
        'size of the volume or image, a number with B, K, M (unless said), G or T (1 GiB unless given); for dir, overlay and btrfs a quota',
    },
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
