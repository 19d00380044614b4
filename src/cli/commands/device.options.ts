import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const ACTIONS = ['add', 'del'] as const;

export const spec = defineSpec({
  name: 'device',
  summary: 'give a running container a device, or take it away',
  synopsis: ['[OPTIONS] [-n] NAME add|del DEVICE [PATH]', '[OPTIONS] [-n] NAME add|del INTERFACE [NEWNAME]'],
  description: [
    'add makes a node of a device of the host inside and allows its use in the device rules of the container; del removes the node and forbids the use. In a container with an id map the node of the host is bound there.',
    'It lasts until the container stops. lxc.mount.entry and lxc.cgroup.devices.allow in its config are for good.',
    'A name without a slash is an interface of the host: add moves it into the container, down, as PATH if that is given; del, with its name inside, returns it to the host under its old name, as the end of the container does.',
  ],
  options: { ...CONTAINER_OPTIONS, ...NO_RCFILE, ...JSON_OPTION },
  container: 'required',
  operands: [
    { name: 'ACTION', summary: 'add or del', required: true, complete: { words: ACTIONS } },
    {
      name: 'DEVICE',
      summary: "the host's node, as /dev/fuse, or an interface, as eth1",
      required: true,
      complete: 'file',
    },
    { name: 'PATH', summary: 'where it is inside; the same path unless given' },
  ],
  exitCodes: [
    ['0', 'done'],
    ['1', 'not running, no such device, or another error'],
  ],
  examples: [
    { command: 'tslxc-device -n web add /dev/fuse', meaning: 'let it use FUSE' },
    { command: 'tslxc-device -n web add /dev/ttyUSB0 /dev/modem', meaning: 'under another name' },
    { command: 'tslxc-device -n web del /dev/fuse', meaning: 'take it away' },
  ],
  seeAlso: ['cgroup', 'attach', 'tslxc.container.conf(5)'],
});
