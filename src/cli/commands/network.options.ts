import { defineSpec } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, JSON_OPTION, NO_RCFILE } from '../parse/common-options.ts';

export const ACTIONS = ['attach', 'detach', 'list', 'publish', 'withdraw', 'ports'] as const;

export const spec = defineSpec({
  name: 'network',
  summary: 'nics and published ports of a running container',
  synopsis: [
    '[OPTIONS] attach NAME KEY=VALUE...',
    '[OPTIONS] detach NAME NIC',
    '[OPTIONS] list NAME',
    '[OPTIONS] publish|withdraw NAME PORT...',
    '[OPTIONS] ports NAME',
  ],
  description: [
    'attach gives the container a nic of any type that has an interface; each KEY is one that follows lxc.net.N. in a config, type among them. detach takes a nic away, by its number or by the name of its interface inside; an interface that came from the host returns there under its old name. list shows the nics. They last until the container stops; with --save they are in its config too. Scripts of a nic run at a start only.',
    'publish makes a port of the host lead to the container, withdraw ends that, and ports shows what is published. A port is written as in lxc.net.N.publish: [ADDRESS:]PORT[-PORT][:CONTAINERPORT][/tcp|udp|sctp], where ADDRESS is one of the host and an IPv6 address stands in brackets.',
    'A published port is open on all addresses of the host unless one is named: for other hosts, for the host itself (also by 127.0.0.1, not by ::1), and for other containers. It follows the address of the container and ends with it. A container with IPv4 alone is reached by IPv4 alone.',
    'A port that another container publishes, or that a program of the host listens on, is refused with the name of its holder. The rules are in an nftables table of their own, tslxc_ports. Publishing switches IP forwarding of the host on, until the last port goes.',
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
      summary: 'attach, detach, list, publish, withdraw or ports',
      required: true,
      complete: { words: ACTIONS },
    },
    { name: 'NAME', summary: 'the container', complete: 'container' },
    { name: 'WORD', summary: 'settings as type=veth, a nic, or ports as 8080:80', many: true },
  ],
  exitCodes: [
    ['0', 'done'],
    ['1', 'not running, a port that is taken, or another error'],
  ],
  examples: [
    {
      command: 'tslxc network attach web type=veth link=br1 flags=up ipv4.address=10.9.0.5/24',
      meaning: 'a second nic on another bridge',
    },
    { command: 'tslxc network detach web eth1', meaning: 'take it away' },
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
