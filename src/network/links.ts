/** Network interfaces of the current network namespace: make, change, remove, look at. */
import { TslxcError } from '../errors/tslxc-error.ts';
import { AF } from '../kernel/constants.ts';
import { macFromBytes, macToBytes } from './mac-bytes.ts';
import type { Netlink } from './netlink.ts';
import { attribute, decodeAttributes, nested, readText, text, u8, u16, u32 } from './netlink-message.ts';
import {
  IFF,
  IFLA,
  IFLA_BR,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO,
  IFLA_IPVLAN,
  IFLA_MACVLAN_MODE,
  IFLA_VLAN_ID,
  IN6_ADDR_GEN_MODE_NONE,
  IPVLAN_FLAGS,
  IPVLAN_MODE,
  MACVLAN_MODE,
  NLM_F,
  RTM,
  VETH_INFO_PEER,
} from './rtnetlink-numbers.ts';

/**
 * A network namespace: the one of a process, or an open `/proc/PID/ns/net`. The descriptor cannot
 * be mistaken.
 */
export type NetworkNamespace = { readonly pid: number } | { readonly fd: number };

export interface Link {
  readonly index: number;
  readonly name: string;
  /** `veth`, `bridge` …; empty for hardware. */
  readonly kind: string;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly loopback: boolean;
  /** Index of the bridge (or bond) that it is a port of; 0 for none. */
  readonly master: number;
  /** Index of the other end of a veth, in that end's namespace; 0 for none. */
  readonly peer: number;
  readonly statistics: LinkStatistics;
  /**
   * A bridge's VLAN filtering, and the VLAN that a new port is in (0: none). The kernel must know
   * VLANs.
   */
  readonly vlans?: { readonly filters: boolean; readonly defaultId: number };
}

export interface LinkStatistics {
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
}

export interface VethEnd {
  readonly name: string;
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  readonly rxQueues?: number | undefined;
  readonly txQueues?: number | undefined;
}

/** Changes of a link; a property that is not given stays. */
export interface LinkChange {
  readonly up?: boolean;
  readonly name?: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** Where it goes. */
  readonly namespace?: NetworkNamespace;
  /** Index of the bridge; 0 takes it off. */
  readonly master?: number;
  /** No link-local IPv6 address of its own: a bridge's port has no address. */
  readonly withoutLinkLocal?: boolean;
}

/** `struct ifinfomsg`. */
function interfaceInfo(index: number, flags = 0, change = 0): Buffer {
  const info = Buffer.alloc(16);
  info.writeInt32LE(index, 4);
  info.writeUInt32LE(flags, 8);
  info.writeUInt32LE(change, 12);
  return info;
}

function endAttributes({ name, mac, mtu, rxQueues, txQueues }: VethEnd): Buffer[] {
  return [
    text(IFLA.IFNAME, name),
    ...(mac ? [macAttribute(mac)] : []),
    ...(mtu === undefined ? [] : [u32(IFLA.MTU, mtu)]),
    ...(rxQueues === undefined ? [] : [u32(IFLA.NUM_RX_QUEUES, rxQueues)]),
    ...(txQueues === undefined ? [] : [u32(IFLA.NUM_TX_QUEUES, txQueues)]),
  ];
}

function macAttribute(mac: string): Buffer {
  return attribute(IFLA.ADDRESS, macToBytes(mac));
}

function namespaceAttribute(namespace: NetworkNamespace): Buffer {
  return 'pid' in namespace ? u32(IFLA.NET_NS_PID, namespace.pid) : u32(IFLA.NET_NS_FD, namespace.fd);
}

function statisticsOf(bytes: Buffer | undefined): LinkStatistics {
  // struct rtnl_link_stats64 begins with rx_packets, tx_packets, rx_bytes, tx_bytes.
  const at = (i: number) => (bytes && bytes.length >= 32 ? Number(bytes.readBigUInt64LE(i * 8)) : 0);
  return { rxPackets: at(0), txPackets: at(1), rxBytes: at(2), txBytes: at(3) };
}

function decodeLink(body: Buffer): Link {
  const attributes = decodeAttributes(body.subarray(16));
  const flags = body.readUInt32LE(8);
  const number = (type: number) => attributes.get(type)?.readUInt32LE(0) ?? 0;
  const info = attributes.get(IFLA.LINKINFO);
  return {
    index: body.readInt32LE(4),
    name: readText(attributes.get(IFLA.IFNAME)),
    kind: info ? readText(decodeAttributes(info).get(IFLA_INFO.KIND)) : '',
    mac: macFromBytes(attributes.get(IFLA.ADDRESS)),
    mtu: number(IFLA.MTU),
    up: (flags & IFF.UP) !== 0,
    loopback: (flags & IFF.LOOPBACK) !== 0,
    master: number(IFLA.MASTER),
    peer: number(IFLA.LINK),
    statistics: statisticsOf(attributes.get(IFLA.STATS64)),
    ...bridgeVlans(info),
  };
}

function bridgeVlans(info: Buffer | undefined): Pick<Link, 'vlans'> {
  const attributes = info && decodeAttributes(info);
  const data = attributes?.get(IFLA_INFO.DATA);
  if (!data || readText(attributes?.get(IFLA_INFO.KIND)) !== 'bridge') return {};
  const bridge = decodeAttributes(data);
  const filters = bridge.get(IFLA_BR.VLAN_FILTERING)?.[0];
  if (filters === undefined || !bridge.has(IFLA_BR.VLAN_DEFAULT_PVID)) return {};
  const defaultId = bridge.get(IFLA_BR.VLAN_DEFAULT_PVID)!.readUInt16LE(0);
  return { vlans: { filters: filters === 1, defaultId } };
}

/** The link of that name, or undefined. */
export function findLink(netlink: Netlink, name: string): Link | undefined {
  try {
    const body = [interfaceInfo(0), text(IFLA.IFNAME, name)];
    return decodeLink(netlink.get({ type: RTM.GETLINK, body, action: `look up interface "${name}"` }));
  } catch (error) {
    if (error instanceof TslxcError && error.errno === 'ENODEV') return undefined;
    throw error;
  }
}

/** The link of that name; INTERFACE_MISSING when there is none. */
export function getLink(netlink: Netlink, name: string): Link {
  const link = findLink(netlink, name);
  if (!link)
    throw new TslxcError({
      code: 'INTERFACE_MISSING',
      message: `interface "${name}" does not exist`,
      errno: 'ENODEV',
    });
  return link;
}

/** All links, or the ports of one bridge. */
export function listLinks(netlink: Netlink, master?: number): Link[] {
  const body = [interfaceInfo(0), ...(master === undefined ? [] : [u32(IFLA.MASTER, master)])];
  return netlink
    .dump({ type: RTM.GETLINK, body, action: 'list interfaces' })
    .map(decodeLink)
    .filter((link) => master === undefined || link.master === master);
}

/**
 * Makes a veth pair in one step: `host` here (a port of `master` when given), `peer` in
 * `namespace`. Both are down. There never is a moment at which the peer is on the host.
 */
export function createVeth(
  netlink: Netlink,
  host: VethEnd,
  peer: VethEnd,
  namespace: NetworkNamespace,
  master?: number,
): void {
  const peerInfo = nested(
    VETH_INFO_PEER,
    interfaceInfo(0),
    ...endAttributes(peer),
    namespaceAttribute(namespace),
  );
  netlink.change({
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: [
      interfaceInfo(0),
      ...endAttributes(host),
      ...(master === undefined ? [] : [u32(IFLA.MASTER, master)]),
      nested(IFLA.LINKINFO, text(IFLA_INFO.KIND, 'veth'), nested(IFLA_INFO.DATA, peerInfo)),
    ],
    action: `create veth pair "${host.name}" and "${peer.name}"`,
  });
}

/** A kind of interface that stands on another one, with what it needs to know. */
export type LinkKind =
  | { readonly name: 'macvlan'; readonly mode: keyof typeof MACVLAN_MODE }
  | {
      readonly name: 'ipvlan';
      readonly mode: keyof typeof IPVLAN_MODE;
      readonly isolation: keyof typeof IPVLAN_FLAGS;
    }
  | { readonly name: 'vlan'; readonly id: number };

/** IFLA_INFO_DATA of each kind. */
const KIND_DATA: {
  readonly [K in LinkKind['name']]: (kind: Extract<LinkKind, { name: K }>) => readonly Buffer[];
} = {
  macvlan: ({ mode }) => [u32(IFLA_MACVLAN_MODE, MACVLAN_MODE[mode])],
  ipvlan: ({ mode, isolation }) => [
    u16(IFLA_IPVLAN.MODE, IPVLAN_MODE[mode]),
    u16(IFLA_IPVLAN.FLAGS, IPVLAN_FLAGS[isolation]),
  ],
  vlan: ({ id }) => [u16(IFLA_VLAN_ID, id)],
};

export interface NewLink extends VethEnd {
  readonly kind: LinkKind;
  /** Index of the interface, in the current namespace, that it stands on. */
  readonly on: number;
  readonly namespace: NetworkNamespace;
}

/**
 * Makes an interface on another one, down, in another namespace: there never is a moment at which
 * it is here.
 */
export function makeLink(netlink: Netlink, { kind, on, namespace, ...end }: NewLink): void {
  netlink.change({
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: [
      interfaceInfo(0),
      ...endAttributes(end),
      u32(IFLA.LINK, on),
      namespaceAttribute(namespace),
      nested(
        IFLA.LINKINFO,
        text(IFLA_INFO.KIND, kind.name),
        nested(IFLA_INFO.DATA, ...KIND_DATA[kind.name](kind as never)),
      ),
    ],
    action: `create ${kind.name} "${end.name}"`,
  });
}

/** Makes a bridge, down. A bridge with its own MAC keeps it as ports come and go. */
export function createBridge(netlink: Netlink, name: string, mac?: string): void {
  netlink.change({
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: [
      interfaceInfo(0),
      ...endAttributes({ name, mac }),
      nested(IFLA.LINKINFO, text(IFLA_INFO.KIND, 'bridge')),
    ],
    action: `create bridge "${name}"`,
  });
}

/** Removes a link; a veth's other end goes with it. False when it was not there. */
export function deleteLink(netlink: Netlink, name: string): boolean {
  try {
    const body = [interfaceInfo(0), text(IFLA.IFNAME, name)];
    netlink.change({ type: RTM.DELLINK, body, action: `delete interface "${name}"` });
    return true;
  } catch (error) {
    if (error instanceof TslxcError && error.errno === 'ENODEV') return false;
    throw error;
  }
}

/** Changes a link in one message. `name` is for the error text. */
export function changeLink(netlink: Netlink, link: Pick<Link, 'index' | 'name'>, change: LinkChange): void {
  const { up, name, mac, mtu, master, namespace, withoutLinkLocal } = change;
  const flags = up === undefined ? [0, 0] : [up ? IFF.UP : 0, IFF.UP];
  netlink.change({
    type: RTM.NEWLINK,
    body: [
      interfaceInfo(link.index, ...flags),
      ...(name === undefined ? [] : [text(IFLA.IFNAME, name)]),
      ...(mac === undefined ? [] : [macAttribute(mac)]),
      ...(mtu === undefined ? [] : [u32(IFLA.MTU, mtu)]),
      ...(master === undefined ? [] : [u32(IFLA.MASTER, master)]),
      ...(namespace ? [namespaceAttribute(namespace)] : []),
      ...(withoutLinkLocal
        ? [nested(IFLA.AF_SPEC, nested(AF.INET6, u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)))]
        : []),
    ],
    action: `set ${Object.entries(change)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ')} on interface "${link.name}"`,
  });
}

export function isBridge(link: Link): boolean {
  return link.kind === 'bridge';
}
