import {
  ipv4Address,
  ipv4Gateway,
  ipv4Route,
  ipv6Address,
  ipv6Gateway,
  ipv6Route,
  vlanId,
  vlanIdOrNone,
} from '../values/address.ts';
import { macPattern } from '../values/mac.ts';
import { flag, numberBetween } from '../values/number.ts';
import { publishedPort } from '../values/published-port.ts';
import { commandLine, interfaceName, oneOf } from '../values/text.ts';
import type { ValueType } from '../values/value-type.ts';
import { repeated, single } from './key-row.ts';

/** LXC takes any value for "up"; so `down` is "up" as well. */
const up: ValueType<'up'> = { name: 'up', valid: 'up', parse: () => 'up', print: () => 'up' };

/** From the smallest MTU that IPv4 works with (RFC 791) to the largest length of a packet. */
const bytes = numberBetween(68, 65535, 'BYTES');
/** 0 leaves the size to the kernel. */
const mtu: ValueType<number> = {
  ...bytes,
  parse: (text, context) => (text === '0' ? 0 : bytes.parse(text, context)),
};
const queues = numberBetween(1, 4096, 'COUNT');

/** What follows `lxc.net.N.`; N tells the interfaces of a container apart. */
export const NIC_KEYS = {
  type: single(oneOf('veth', 'macvlan', 'ipvlan', 'vlan', 'phys', 'empty', 'none'), {
    doc: 'Kind of interface; empty is the loopback only, none is the network of the host. It comes first: it forgets what the nic had.',
    example: 'veth',
    without: 'empty',
    since: '2.1',
    acted: true,
  }),
  flags: single(up, { doc: 'Bring the interface up.', example: 'up', since: '2.1', acted: true }),
  link: single(interfaceName, {
    doc: 'Interface of the host: the bridge for veth, the device itself for phys, the one below it for the others.',
    example: 'tslxcbr0',
    without: 'none: the interface stands alone',
    since: '2.1',
    acted: true,
  }),
  name: single(interfaceName, {
    doc: 'Name of the interface inside.',
    example: 'eth0',
    without: 'the next free ethN',
    since: '2.1',
    acted: true,
  }),
  hwaddr: single(macPattern, {
    doc: 'Hardware address; each x is a digit drawn at random.',
    example: '10:66:6a:xx:xx:xx',
    without: 'a random one at each start',
    since: '2.1',
    acted: true,
  }),
  mtu: single(mtu, {
    doc: 'Largest packet.',
    example: '1500',
    without: 'that of the link',
    since: '2.1',
    acted: true,
  }),
  'ipv4.address': repeated(ipv4Address, {
    doc: 'IPv4 address, with the length of its network part.',
    example: '10.0.4.5/24',
    since: '2.1',
    acted: true,
  }),
  'ipv4.gateway': single(ipv4Gateway, {
    doc: 'Where packets for other networks go: an address, auto for that of the bridge, dev for the interface.',
    example: 'auto',
    since: '2.1',
    acted: true,
  }),
  'ipv6.address': repeated(ipv6Address, {
    doc: 'IPv6 address, with the length of its network part.',
    example: 'fd42::5/64',
    since: '2.1',
    acted: true,
  }),
  'ipv6.gateway': single(ipv6Gateway, {
    doc: 'Where IPv6 packets for other networks go: an address, auto or dev.',
    example: 'auto',
    since: '2.1',
    acted: true,
  }),
  l2proxy: single(flag, {
    doc: "Let the host answer for the container's addresses on the link.",
    example: '1',
    since: '4.0',
    default: '0',
    acted: true,
  }),
  publish: repeated(publishedPort, {
    doc: 'Port of the host that leads to the container, for a nic of type veth; of all addresses of the host unless one is named, also of its loopback (IPv4).',
    example: '8080:80',
    since: 'tslxc 0.2',
    extension: true,
    acted: true,
  }),
  'script.up': single(commandLine, {
    doc: 'Command run on the host when the interface has been made.',
    example: '/usr/local/lib/tslxc/nic-up',
    since: '2.1',
    acted: true,
  }),
  'script.down': single(commandLine, {
    doc: 'Command run on the host before the interface goes.',
    example: '/usr/local/lib/tslxc/nic-down',
    since: '2.1',
    acted: true,
  }),
  'veth.mode': single(oneOf('bridge', 'router'), {
    doc: 'Attach the host side to the bridge, or route to it.',
    example: 'router',
    since: '4.0',
    default: 'bridge',
    acted: true,
  }),
  'veth.pair': single(interfaceName, {
    doc: 'Name of the host side.',
    example: 'veth-web1',
    without: 'veth and six random letters',
    since: '2.1',
    acted: true,
  }),
  'veth.n_rxqueues': single(queues, {
    doc: 'Receive queues inside.',
    example: '4',
    without: 'as many as the kernel gives',
    since: '5.0',
    acted: true,
  }),
  'veth.n_txqueues': single(queues, {
    doc: 'Transmit queues inside.',
    example: '4',
    without: 'as many as the kernel gives',
    since: '5.0',
    acted: true,
  }),
  'veth.ipv4.route': repeated(ipv4Route, {
    doc: 'IPv4 network that the host reaches through this interface.',
    example: '10.9.0.0/24',
    since: '4.0',
    acted: true,
  }),
  'veth.ipv6.route': repeated(ipv6Route, {
    doc: 'IPv6 network that the host reaches through this interface.',
    example: 'fd42:9::/64',
    since: '4.0',
    acted: true,
  }),
  'veth.vlan.id': single(vlanIdOrNone, {
    doc: 'VLAN of the bridge that untagged packets belong to; none for no VLAN.',
    example: '7',
    since: '5.0',
    acted: true,
  }),
  'veth.vlan.tagged.id': repeated(vlanId, {
    doc: 'VLAN of the bridge that the container reaches by tagged packets.',
    example: '8',
    since: '5.0',
    acted: true,
  }),
  'vlan.id': single(vlanId, { doc: 'Number of the VLAN.', example: '7', since: '2.1', acted: true }),
  'macvlan.mode': single(oneOf('private', 'vepa', 'bridge', 'passthru'), {
    doc: 'Whether interfaces on the same link reach each other.',
    example: 'bridge',
    since: '2.1',
    default: 'private',
    acted: true,
  }),
  'ipvlan.mode': single(oneOf('l3', 'l3s', 'l2'), {
    doc: 'Layer that packets are switched at.',
    example: 'l2',
    since: '4.0',
    default: 'l3',
    acted: true,
  }),
  'ipvlan.isolation': single(oneOf('bridge', 'private', 'vepa'), {
    doc: 'Whether interfaces on the same link reach each other.',
    example: 'private',
    since: '4.0',
    default: 'bridge',
    acted: true,
  }),
};
