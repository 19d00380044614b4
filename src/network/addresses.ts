/** Addresses of interfaces in the current network namespace. */
import { AF } from '../kernel/constants.ts';
import { broadcastOf, type Family, formatAddress, parseAddress } from './ip-address.ts';
import type { Link } from './links.ts';
import type { Netlink } from './netlink.ts';
import { attribute, decodeAttributes, u32 } from './netlink-message.ts';
import { IFA, IFA_F_NODAD, NLM_F, RTM } from './rtnetlink-numbers.ts';

export const ADDRESS_FAMILY: Readonly<Record<Family, number>> = { 4: AF.INET, 6: AF.INET6 };

export interface InterfaceAddress {
  readonly family: Family;
  readonly address: string;
  readonly prefix: number;
  /** IPv4 only. Computed when it is not given. */
  readonly broadcast?: string | undefined;
}

export interface ListedAddress extends InterfaceAddress {
  /** Index of the interface. */
  readonly index: number;
  /** `scope` as the kernel counts: 0 global, 253 link, 254 host. */
  readonly scope: number;
}

/** `struct ifaddrmsg`. */
function addressInfo(family: number, prefix: number, index: number): Buffer {
  const info = Buffer.alloc(8);
  info[0] = family;
  info[1] = prefix;
  info.writeUInt32LE(index, 4);
  return info;
}

function addressBytes({ family, address }: InterfaceAddress): Buffer {
  const bytes = parseAddress(family, address);
  if (!bytes) throw new RangeError(`"${address}" is not an IPv${family} address`);
  return bytes;
}

/** IPv4 broadcast. /31 and /32 have none (RFC 3021). */
function broadcastAttribute(address: InterfaceAddress, bytes: Buffer): Buffer[] {
  if (address.family === 6) return [];
  if (address.broadcast !== undefined)
    return [attribute(IFA.BROADCAST, addressBytes({ ...address, address: address.broadcast }))];
  return address.prefix > 30 ? [] : [attribute(IFA.BROADCAST, broadcastOf(bytes, address.prefix))];
}

/**
 * Adds an address; adding one that is there already is an EEXIST. IPv6 addresses are usable at once
 * (no duplicate address detection): they were given by an administrator, and a service that binds
 * at boot must find them.
 */
export function addAddress(
  netlink: Netlink,
  link: Pick<Link, 'index' | 'name'>,
  address: InterfaceAddress,
): void {
  const bytes = addressBytes(address);
  netlink.change({
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: [
      addressInfo(ADDRESS_FAMILY[address.family], address.prefix, link.index),
      attribute(IFA.LOCAL, bytes),
      attribute(IFA.ADDRESS, bytes),
      ...broadcastAttribute(address, bytes),
      ...(address.family === 6 ? [u32(IFA.FLAGS, IFA_F_NODAD)] : []),
    ],
    action: `add address ${address.address}/${address.prefix} to interface "${link.name}"`,
  });
}

export function deleteAddress(
  netlink: Netlink,
  link: Pick<Link, 'index' | 'name'>,
  address: InterfaceAddress,
): void {
  netlink.change({
    type: RTM.DELADDR,
    body: [
      addressInfo(ADDRESS_FAMILY[address.family], address.prefix, link.index),
      attribute(IFA.LOCAL, addressBytes(address)),
    ],
    action: `delete address ${address.address}/${address.prefix} from interface "${link.name}"`,
  });
}

function decodeAddress(body: Buffer): ListedAddress {
  const attributes = decodeAttributes(body.subarray(8));
  const broadcast = attributes.get(IFA.BROADCAST);
  // On a point-to-point link IFA_ADDRESS is the other side; IFA_LOCAL is ours where it is given.
  const own = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS)!;
  return {
    family: body[0] === AF.INET ? 4 : 6,
    prefix: body[1]!,
    scope: body[3]!,
    index: body.readUInt32LE(4),
    address: formatAddress(own),
    ...(broadcast ? { broadcast: formatAddress(broadcast) } : {}),
  };
}

/** IPv4 and IPv6 addresses of all interfaces, or of one (by index). */
export function listAddresses(netlink: Netlink, index = 0): ListedAddress[] {
  return netlink
    .dump({ type: RTM.GETADDR, body: [addressInfo(0, 0, index)], action: 'list addresses' })
    .filter((body) => body[0] === AF.INET || body[0] === AF.INET6)
    .map(decodeAddress)
    .filter((address) => index === 0 || address.index === index);
}
