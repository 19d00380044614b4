/**
 * A container's network as seen from inside, read from /proc/PID/net: the kernel shows
 * there the network namespace of that process, so no process has to enter it (a thread that
 * fails half-way through would stay there).
 */
import { readFileSync } from 'node:fs';
import { formatAddress } from '../../network/ip-address.ts';

export interface ContainerAddress {
  readonly interface: string;
  readonly family: 'inet' | 'inet6';
  readonly address: string;
}

/** Interfaces inside, the loopback first. */
export function interfacesOf(pid: number): string[] {
  return parseInterfaces(read(pid, 'dev'));
}

/**
 * Addresses that can be reached from elsewhere: neither the loopback's nor those of one link only.
 */
export function addressesOf(pid: number): ContainerAddress[] {
  const fib = read(pid, 'fib_trie');
  return [
    ...parseIpv4(fib, fib === '' ? '' : read(pid, 'route'), fib === '' ? [] : interfacesOf(pid)),
    ...parseIpv6(read(pid, 'if_inet6')),
  ];
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${name}`, 'utf8');
  } catch {
    // Ended meanwhile, or a kernel without IPv6.
    return '';
  }
}

/** /proc/net/dev: two lines of heading, then `name: numbers`. */
export function parseInterfaces(dev: string): string[] {
  return dev
    .split('\n')
    .slice(2)
    .flatMap((line) => /^\s*(.+?):/.exec(line)?.[1] ?? []);
}

/**
 * /proc/net/fib_trie has the host's own addresses as `|-- ADDRESS` followed by `/32 host LOCAL`,
 * but not their interfaces: these are found by the directly connected networks of /proc/net/route.
 */
export function parseIpv4(fibTrie: string, route: string, interfaces: readonly string[]): ContainerAddress[] {
  const found = new Set<string>();
  for (const [, address] of fibTrie.matchAll(/\|-- (\S+)\n\s*\/32 host LOCAL/g)) {
    if (!address!.startsWith('127.')) found.add(address!);
  }
  const networks = connectedNetworks(route);
  const others = interfaces.filter((name) => name !== 'lo');
  return [...found].map((address) => {
    const value = toNumber(address);
    const network = networks.find(({ mask, destination }) => (value & mask) >>> 0 === destination);
    // An address without a network of its own: where there is one interface only, it is that one's.
    const name = network?.interface ?? (others.length === 1 ? others[0]! : '');
    return { interface: name, family: 'inet', address };
  });
}

interface Network {
  readonly interface: string;
  readonly destination: number;
  readonly mask: number;
}

/**
 * Routes without a gateway, the narrowest first. The columns are hexadecimal in network order on a
 * little endian.
 */
function connectedNetworks(route: string): Network[] {
  return route
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(([, , gateway, , , , , mask]) => gateway === '00000000' && mask !== '00000000')
    .map(([name, destination, , , , , , mask]) => ({
      interface: name!,
      destination: swapped(destination!),
      mask: swapped(mask!),
    }))
    .sort((a, b) => b.mask - a.mask);
}

function swapped(hex: string): number {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.length === 4 ? bytes.readUInt32LE() : 0;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

const GLOBAL_SCOPE = '00';

/** /proc/net/if_inet6: address, index, prefix, scope, flags, interface. */
export function parseIpv6(ifInet6: string): ContainerAddress[] {
  return ifInet6.split('\n').flatMap((line) => {
    const [hex, , , scope, , name] = line.trim().split(/\s+/);
    if (!hex || scope !== GLOBAL_SCOPE || !name || name === 'lo') return [];
    return { interface: name, family: 'inet6', address: formatAddress(Buffer.from(hex, 'hex')) };
  });
}
