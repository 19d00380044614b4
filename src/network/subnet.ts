/** Which network the default bridge takes: one that the host does not use yet. */
import { TslxcError } from '../errors/tslxc-error.ts';
import { listAddresses } from './addresses.ts';
import { formatAddress, overlaps, parseAddress } from './ip-address.ts';
import type { Netlink } from './netlink.ts';
import { listRoutes } from './routes.ts';

export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** 10.0.3.0/24 is lxc-net's own. */
const FIRST = 4;
const LAST = 255;

/**
 * The first 10.0.N.1 whose network meets none of `used`. Always the same on the same host, so that
 * addresses last. When something as wide as 10.0.0.0/8 is routed (a company's VPN), only a route
 * that is as narrow as ours counts: the narrower route wins, and the containers take no more than
 * one /24 from it.
 */
export function freeNetwork(used: readonly Network[], prefix: number): string {
  const candidates = Array.from({ length: LAST - FIRST + 1 }, (_, i) => `10.0.${FIRST + i}.1`);
  const isFree = (candidate: string, among: readonly Network[]) =>
    among.every(
      (other) =>
        !overlaps(parseAddress(4, candidate)!, prefix, parseAddress(4, other.address)!, other.prefix),
    );
  const narrow = used.filter((other) => other.prefix >= prefix);
  const found =
    candidates.find((candidate) => isFree(candidate, used)) ??
    candidates.find((candidate) => isFree(candidate, narrow));
  if (found) return found;
  throw new TslxcError({
    code: 'NETWORK_FAILED',
    message: `no free network between 10.0.${FIRST}.0/${prefix} and 10.0.${LAST}.0/${prefix}`,
    hint: 'set TSLXC_ADDR in /etc/default/tslxc-net',
  });
}

/**
 * IPv4 networks that the host has an address in or a route to, but for the default route and those
 * of one interface.
 */
export function usedNetworks(netlink: Netlink, exceptIndex = 0): Network[] {
  const addresses = listAddresses(netlink).filter(
    ({ family, index }) => family === 4 && index !== exceptIndex,
  );
  const routes = listRoutes(netlink, 4).filter(({ prefix, index }) => prefix > 0 && index !== exceptIndex);
  return [
    ...addresses.map(({ address, prefix }) => ({ address, prefix })),
    ...routes.map(({ destination = '0.0.0.0', prefix }) => ({ address: destination, prefix })),
  ];
}

/**
 * The addresses after `address`'s own network and before its broadcast, without `address`: the
 * longer of both sides.
 */
export function dhcpRangeOf({ address, prefix }: Network): [string, string] {
  const own = parseAddress(4, address)!.readUInt32BE();
  const size = 2 ** (32 - prefix);
  const network = own - (own % size);
  const last = network + size - 2;
  const text = (number: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(number);
    return formatAddress(bytes);
  };
  return last - own >= own - network - 1 ? [text(own + 1), text(last)] : [text(network + 1), text(own - 1)];
}
