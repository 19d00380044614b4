/** Routes in the main table of the current network namespace. */
import { TslxcError } from '../errors/tslxc-error.ts';
import { AF } from '../kernel/constants.ts';
import { ADDRESS_FAMILY } from './addresses.ts';
import { type Family, formatAddress, parseAddress } from './ip-address.ts';
import type { Link } from './links.ts';
import type { Netlink } from './netlink.ts';
import { attribute, decodeAttributes, u32 } from './netlink-message.ts';
import { NLM_F, RT_SCOPE, RT_TABLE_MAIN, RTA, RTM, RTN_UNICAST, RTPROT_BOOT } from './rtnetlink-numbers.ts';

export interface Route {
  readonly family: Family;
  /** Network address; undefined for the default route. */
  readonly destination?: string | undefined;
  readonly prefix: number;
  readonly gateway?: string | undefined;
  /** Index of the interface; 0 where the route has none (or several). */
  readonly index: number;
}

/** `struct rtmsg`. */
function routeInfo(family: number, prefix: number, scope: number, table = RT_TABLE_MAIN): Buffer {
  return Buffer.from([family, prefix, 0, 0, table, RTPROT_BOOT, scope, RTN_UNICAST, 0, 0, 0, 0]);
}

function bytesOf(family: Family, address: string): Buffer {
  const bytes = parseAddress(family, address);
  if (!bytes) throw new RangeError(`"${address}" is not an IPv${family} address`);
  return bytes;
}

/** Adds a route by way of `gateway`, or straight onto the link. */
export function addRoute(
  netlink: Netlink,
  link: Pick<Link, 'index' | 'name'>,
  route: Omit<Route, 'index'>,
): void {
  const { family, destination, prefix, gateway } = route;
  const scope = family === 4 && gateway === undefined ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE;
  const target = destination === undefined ? 'the default route' : `route ${destination}/${prefix}`;
  netlink.change({
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: [
      routeInfo(ADDRESS_FAMILY[family], prefix, scope),
      ...(destination === undefined ? [] : [attribute(RTA.DST, bytesOf(family, destination))]),
      ...(gateway === undefined ? [] : [attribute(RTA.GATEWAY, bytesOf(family, gateway))]),
      u32(RTA.OIF, link.index),
    ],
    action: `add ${target} ${gateway === undefined ? '' : `via ${gateway} `}on interface "${link.name}"`,
  });
}

/** What the kernel says when the gateway is on no network of the interface: IPv4, IPv6. */
const UNREACHABLE = new Set(['ENETUNREACH', 'EHOSTUNREACH']);

/**
 * The default route through `gateway`. A gateway outside the interface's networks (a /32 address,
 * as providers give them) is reachable only once a host route says that it is on this link: that
 * one is added then.
 */
export function addDefaultRoute(
  netlink: Netlink,
  link: Pick<Link, 'index' | 'name'>,
  family: Family,
  gateway?: string,
): void {
  const route = { family, prefix: 0, gateway };
  try {
    addRoute(netlink, link, route);
  } catch (error) {
    if (gateway === undefined || !(error instanceof TslxcError) || !UNREACHABLE.has(error.errno ?? ''))
      throw error;
    addRoute(netlink, link, { family, destination: gateway, prefix: family === 4 ? 32 : 128 });
    addRoute(netlink, link, route);
  }
}

function decodeRoute(body: Buffer): Route & { table: number } {
  const attributes = decodeAttributes(body.subarray(12));
  const destination = attributes.get(RTA.DST);
  const gateway = attributes.get(RTA.GATEWAY);
  return {
    family: body[0] === AF.INET ? 4 : 6,
    prefix: body[1]!,
    ...(destination ? { destination: formatAddress(destination) } : {}),
    ...(gateway ? { gateway: formatAddress(gateway) } : {}),
    index: attributes.get(RTA.OIF)?.readUInt32LE(0) ?? 0,
    // The byte in the header cannot hold tables above 255.
    table: attributes.get(RTA.TABLE)?.readUInt32LE(0) ?? body[4]!,
  };
}

/** Routes of the main table. */
export function listRoutes(netlink: Netlink, family: Family): Route[] {
  const info = Buffer.alloc(12);
  info[0] = ADDRESS_FAMILY[family];
  return netlink
    .dump({ type: RTM.GETROUTE, body: [info], action: `list IPv${family} routes` })
    .filter((body) => body[0] === ADDRESS_FAMILY[family])
    .map(decodeRoute)
    .filter(({ table }) => table === RT_TABLE_MAIN)
    .map(({ table: _table, ...route }) => route);
}
