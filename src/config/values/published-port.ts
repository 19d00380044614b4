import { ipv4Bits } from './address.ts';
import { BadValue } from './bad-value.ts';
import type { ValueType } from './value-type.ts';

export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
export type PortProtocol = (typeof PROTOCOLS)[number];

/** Ports of the host that lead to a container. */
export interface PublishedPort {
  /** Address of the host, in its canonical form; undefined for all of its addresses. */
  readonly address?: string;
  readonly first: number;
  /** The same as `first` for a single port. */
  readonly last: number;
  /** Port of the container that `first` leads to; the others follow in order. */
  readonly to: number;
  readonly protocol: PortProtocol;
}

const LARGEST = 65535;
const FORM = /^(?:(?<address>\[[^\]]*\]|[^:[\]]*\.[^:]*):)?(?<ports>[^:]*)(?::(?<inside>[^:]*))?$/;

function port(text: string, offset: number): number {
  const number = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > LARGEST)
    throw new BadValue(`"${text}" is not a port number from 1 to ${LARGEST}`, offset);
  return number;
}

function range(text: string, offset: number): [first: number, last: number] {
  const dash = text.indexOf('-');
  if (dash < 0) return [port(text, offset), port(text, offset)];
  const first = port(text.slice(0, dash), offset);
  const last = port(text.slice(dash + 1), offset + dash + 1);
  if (last < first) throw new BadValue(`"${text}" ends before it begins`, offset);
  return [first, last];
}

function address(text: string): string {
  if (!text.startsWith('[')) {
    if (ipv4Bits(text) === undefined) throw new BadValue(`"${text}" is not an IPv4 address`);
    return text;
  }
  const url = `http://${text}/`;
  if (!/^\[[0-9a-fA-F:.]+\]$/.test(text) || !URL.canParse(url))
    throw new BadValue(`"${text}" is not an IPv6 address in brackets`);
  return new URL(url).hostname.slice(1, -1);
}

export const publishedPort: ValueType<PublishedPort> = {
  name: '[ADDRESS:]PORT[-PORT][:CONTAINERPORT][/PROTOCOL]',
  valid:
    'a port of the host, and the port of the container if it is another one: 8080:80, 127.0.0.1:5432, [fd42::1]:53/udp, 6000-6010; the protocol is tcp, udp or sctp',
  parse(text) {
    const slash = text.indexOf('/');
    const head = slash < 0 ? text : text.slice(0, slash);
    const word = slash < 0 ? 'tcp' : text.slice(slash + 1);
    const protocol = PROTOCOLS.find((known) => known === word);
    if (!protocol) throw new BadValue(`"${word}" is not tcp, udp or sctp`, slash + 1);
    const parts = FORM.exec(head)?.groups;
    if (!parts) throw new BadValue(`"${head}" has too many parts`);
    const start = parts.address === undefined ? 0 : parts.address.length + 1;
    const [first, last] = range(parts.ports!, start);
    const behind = start + parts.ports!.length + 1;
    const [to, toLast] = parts.inside === undefined ? [first, last] : range(parts.inside, behind);
    if (toLast !== to && toLast - to !== last - first)
      throw new BadValue(`"${parts.inside}" has another length than "${parts.ports}"`, behind);
    if (to + last - first > LARGEST)
      throw new BadValue(`the ports of the container end after ${LARGEST}`, behind);
    return {
      ...(parts.address === undefined ? {} : { address: address(parts.address) }),
      first,
      last,
      to,
      protocol,
    };
  },
  print: portText,
};

/** In the form that `publishedPort` reads. */
export function portText({ address, first, last, to, protocol }: PublishedPort): string {
  const host = address === undefined ? '' : `${address.includes(':') ? `[${address}]` : address}:`;
  const ports = first === last ? `${first}` : `${first}-${last}`;
  return `${host}${ports}${to === first ? '' : `:${to}`}/${protocol}`;
}

/** Whether a packet may be meant by both. */
export function portsMeet(a: PublishedPort, b: PublishedPort): boolean {
  const addresses = a.address === undefined || b.address === undefined || a.address === b.address;
  return addresses && a.protocol === b.protocol && a.first <= b.last && b.first <= a.last;
}
