/**
 * A container's network as seen from inside, read from /proc/PID/net: the kernel shows
 * there the network namespace of that process, so no process has to enter it (a thread that
 * fails half-way through would stay there).
 */
import { closeSync, openSync, readSync } from 'node:fs';
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
    const fd = openSync(`/proc/${pid}/net/${name}`, 'r');
    try {
      return readUpTo(fd, MOST_BYTES);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Ended meanwhile, or a kernel without IPv6.
    return '';
  }
}

/** A guest can make interfaces and addresses without end; some ten thousand are in this much. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The text from the start, without a last line that is cut. */
function readUpTo(fd: number, most: number): string {
  const parts: Buffer[] = [];
  for (let left = most; left > 0; ) {
    const part = Buffer.allocUnsafe(Math.min(left, 256 * 1024));
    const read = readSync(fd, part);
    if (read === 0) return Buffer.concat(parts).toString();
    parts.push(part.subarray(0, read));
    left -= read;
  }
  const text = Buffer.concat(parts).toString();
  return text.slice(0, text.lastIndexOf('\n') + 1);
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
    const found = interfaceOf(value, networks);
    // An address without a network of its own: where there is one interface only, it is that one's.
    const name = found ?? (others.length === 1 ? others[0]! : '');
    return { interface: name, family: 'inet', address };
  });
}

/** Interfaces by destination, for each length of a network: a search takes 33 steps at most. */
type Networks = readonly { readonly mask: number; readonly interfaces: ReadonlyMap<number, string> }[];

function interfaceOf(address: number, networks: Networks): string | undefined {
  for (const { mask, interfaces } of networks) {
    const name = interfaces.get((address & mask) >>> 0);
    if (name !== undefined) return name;
  }
  return undefined;
}

/**
 * Routes without a gateway, the narrowest first. The columns are hexadecimal in network order on a
 * little endian.
 */
function connectedNetworks(route: string): Networks {
  const found = new Map<number, Map<number, string>>();
  for (const line of route.split('\n').slice(1)) {
    const [name, destination, gateway, , , , , mask] = line.split(/\s+/);
    if (!name || !destination || !mask || gateway !== '00000000' || mask === '00000000') continue;
    const length = swapped(mask);
    const interfaces = found.get(length) ?? new Map<number, string>();
    found.set(length, interfaces);
    const at = swapped(destination);
    if (!interfaces.has(at)) interfaces.set(at, name);
  }
  return [...found].map(([mask, interfaces]) => ({ mask, interfaces })).sort((a, b) => b.mask - a.mask);
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
