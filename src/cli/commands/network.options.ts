import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const ACTIONS = ['publish', 'withdraw', 'ports'] as const;

export const spec = defineSpec({
  name: 'network',
  summary: 'publish ports of a running container',
  synopsis: ['[OPTIONS] publish|withdraw NAME PORT...', '[OPTIONS] ports NAME'],
  description: [
    'publish makes a port of the host lead to the container, withdraw ends that, and ports shows what is published. A port is written as in lxc.net.N.publish: [ADDRESS:]PORT[-PORT][:CONTAINERPORT][/tcp|udp|sctp], where ADDRESS is one of the host and an IPv6 address stands in brackets.',
    'A published port is open on all addresses of the host unless one is named: for other hosts, for the host itself (also by 127.0.0.1, not by ::1), and for other containers. It follows the address of the container and ends with it. A container with IPv4 alone is reached by IPv4 alone.',
    'A port that another container publishes, or that a program of the host listens on, is refused with the name of its holder. The rules are in an nftables table of their own, tslxc_ports.',
  ],
  options: {
    nic: {
      kind: 'required',
      argument: 'NUMBER',
      integer: true,
      extension: true,
      summary: 'N of lxc.net.N; by default the first nic of type veth',
    },
    save: { kind: 'none', extension: true, summary: 'change the config too, for later starts' },
    ...CONTAINER_OPTIONS,
    ...NO_RCFILE,
    ...JSON_OPTION,
  },
  container: 'none',
  operands: [
    {
      name: 'ACTION',
      summary: 'publish, withdraw or ports',
      required: true,
      complete: { words: ACTIONS },
    },
    { name: 'NAME', summary: 'the container', complete: 'container' },
    { name: 'PORT', summary: 'ports, as 8080:80', many: true },
  ],
  exitCodes: [
    ['0', 'done'],
    ['1', 'not running, a port that is taken, or another error'],
  ],
  examples: [
    {
      command: 'tslxc network publish web 8080:80',
      meaning: 'port 8080 of the host leads to port 80 of web',
    },
    { command: 'tslxc network publish --save web 127.0.0.1:5432', meaning: 'for this host only, also later' },
    { command: 'tslxc network withdraw web 8080:80', meaning: 'no longer' },
    { command: 'tslxc network ports web', meaning: 'show what is published' },
  ],
  seeAlso: ['net', 'device', 'tslxc.container.conf(5)'],
});
