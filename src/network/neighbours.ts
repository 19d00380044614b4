/**
 * Proxy entries of the neighbour tables: the host answers ARP or neighbour discovery for an address
 * that is elsewhere.
 */
import { TslxcError } from '../errors/tslxc-error.ts';
import { ADDRESS_FAMILY } from './addresses.ts';
import { type Family, formatAddress, parseAddress } from './ip-address.ts';
import type { Link } from './links.ts';
import type { Netlink } from './netlink.ts';
import { attribute, decodeAttributes } from './netlink-message.ts';
import { NDA_DST, NLM_F, NTF_PROXY, NUD_PERMANENT, RTM } from './rtnetlink-numbers.ts';

export interface ProxiedAddress {
  readonly family: Family;
  readonly address: string;
}

/** `struct ndmsg`. */
function neighbourInfo(family: number, index: number, state = 0): Buffer {
  const info = Buffer.alloc(12);
  info[0] = family;
  info.writeInt32LE(index, 4);
  info.writeUInt16LE(state, 8);
  info[10] = NTF_PROXY;
  return info;
}

function destination({ family, address }: ProxiedAddress): Buffer {
  const bytes = parseAddress(family, address);
  if (!bytes) throw new RangeError(`"${address}" is not an IPv${family} address`);
  return attribute(NDA_DST, bytes);
}

type Place = Pick<Link, 'index' | 'name'>;

/** Has the host answer for the address on that link. There already is as good. */
export function addProxy(netlink: Netlink, link: Place, proxied: ProxiedAddress): void {
  netlink.change({
    type: RTM.NEWNEIGH,
    flags: NLM_F.CREATE,
    body: [neighbourInfo(ADDRESS_FAMILY[proxied.family], link.index, NUD_PERMANENT), destination(proxied)],
    action: `answer for ${proxied.address} on interface "${link.name}"`,
  });
}

/** False when there was no such entry. */
export function deleteProxy(netlink: Netlink, link: Place, proxied: ProxiedAddress): boolean {
  try {
    netlink.change({
      type: RTM.DELNEIGH,
      body: [neighbourInfo(ADDRESS_FAMILY[proxied.family], link.index), destination(proxied)],
      action: `no more answer for ${proxied.address} on interface "${link.name}"`,
    });
    return true;
  } catch (error) {
    if (error instanceof TslxcError && error.errno === 'ENOENT') return false;
    throw error;
  }
}

/** The addresses that the host answers for on a link. */
export function listProxies(netlink: Netlink, family: Family, index: number): string[] {
  return netlink
    .dump({
      type: RTM.GETNEIGH,
      body: [neighbourInfo(ADDRESS_FAMILY[family], 0)],
      action: `list IPv${family} proxy entries`,
    })
    .filter((body) => body[0] === ADDRESS_FAMILY[family] && body.readInt32LE(4) === index)
    .flatMap((body) => {
      const address = decodeAttributes(body.subarray(12)).get(NDA_DST);
      return address ? [formatAddress(address)] : [];
    });
}
