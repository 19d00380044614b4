import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import { type ValueType, words } from './value-type.ts';

export interface Ipv4Address {
  /** Dotted. */
  readonly address: string;
  /** Length of the network part, 0 to 32. */
  readonly prefix: number;
  /** Dotted; the last address of the network unless the config names one. */
  readonly broadcast: string;
}

export interface Ipv6Address {
  /** In the canonical form of RFC 5952. */
  readonly address: string;
  /** 0 to 128. */
  readonly prefix: number;
}

/** `auto`: the address of the bridge; `dev`: a route to the interface without an address. */
export type Gateway =
  | { readonly kind: 'auto' | 'dev' }
  | { readonly kind: 'address'; readonly address: string };

/** A network to be routed. */
export interface Route {
  readonly network: string;
  readonly prefix: number;
}

/** The 32 bits of a dotted address, or undefined. */
export function ipv4Bits(text: string): number | undefined {
  const parts = text.split('.');
  if (
    parts.length !== 4 ||
    !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)
  ) {
    return undefined;
  }
  return parts.reduce((bits, part) => bits * 256 + Number(part), 0);
}

export function ipv4Text(bits: number): string {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

function ipv4(text: string, offset = 0): number {
  const bits = ipv4Bits(text);
  if (bits === undefined) throw new BadValue(`"${text}" is not an IPv4 address`, offset);
  return bits;
}

/** Canonical text of an IPv6 address. Scopes (`%eth0`) are refused. */
function ipv6(text: string): string {
  const url = `http://[${text}]/`;
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !URL.canParse(url))
    throw new BadValue(`"${text}" is not an IPv6 address`);
  return new URL(url).hostname.slice(1, -1);
}

/** Splits `ADDRESS/LENGTH`; the length is undefined when there is none. */
function splitPrefix(text: string, longest: number): { address: string; prefix: number | undefined } {
  const slash = text.indexOf('/');
  if (slash < 0) return { address: text, prefix: undefined };
  const digits = text.slice(slash + 1);
  const prefix = /^[0-9]{1,3}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(prefix <= longest))
    throw new BadValue(`"${digits}" is not a prefix length from 0 to ${longest}`, slash + 1);
  return { address: text.slice(0, slash), prefix };
}

/** The prefix that went with an address before networks were written with one. */
function classPrefix(bits: number): number {
  const first = bits >>> 24;
  return first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 32;
}

export const ipv4Address: ValueType<Ipv4Address> = {
  name: 'ADDRESS[/LENGTH] [BROADCAST]',
  valid: 'an IPv4 address with its prefix length: 10.0.3.5/24, and the broadcast address if it is unusual',
  parse(text) {
    const [first = { text: '', offset: 0 }, second, extra] = words(text);
    if (extra) throw new BadValue(`"${extra.text}" is one field too many`, extra.offset);
    const { address, prefix: written } = splitPrefix(first.text, 32);
    const bits = ipv4(address);
    const prefix = written ?? classPrefix(bits);
    // A shift by 32 is a shift by 0 in JavaScript.
    const hostPart = prefix === 32 ? 0 : 0xffff_ffff >>> prefix;
    const broadcast = second ? ipv4(second.text, second.offset) : (bits | hostPart) >>> 0;
    return { address: ipv4Text(bits), prefix, broadcast: ipv4Text(broadcast) };
  },
  print: ({ address, prefix }) => `${address}/${prefix}`,
};

export const ipv6Address: ValueType<Ipv6Address> = {
  name: 'ADDRESS[/LENGTH]',
  valid: 'an IPv6 address, with its prefix length unless that is 64',
  parse(text) {
    const { address, prefix = 64 } = splitPrefix(text, 128);
    return { address: ipv6(address), prefix };
  },
  print: ({ address, prefix }) => `${address}/${prefix}`,
};

function gateway(family: 'IPv4' | 'IPv6', canonical: (text: string) => string): ValueType<Gateway> {
  return {
    name: 'ADDRESS|auto|dev',
    valid: `an ${family} address, auto (the address of the bridge) or dev (a route without an address)`,
    parse(text) {
      if (text === 'auto' || text === 'dev') return { kind: text };
      return { kind: 'address', address: canonical(text) };
    },
    print: (value) => (value.kind === 'address' ? value.address : value.kind),
  };
}

export const ipv4Gateway = gateway('IPv4', (text) => ipv4Text(ipv4(text)));
export const ipv6Gateway = gateway('IPv6', ipv6);

function route(longest: 32 | 128, canonical: (text: string) => string): ValueType<Route> {
  return {
    name: 'NETWORK/LENGTH',
    valid: `a network with its prefix length: ${longest === 32 ? '10.1.0.0/16' : '2001:db8::/64'}`,
    parse(text) {
      const { address, prefix } = splitPrefix(text, longest);
      if (prefix === undefined) throw new BadValue(`"${text}" has no prefix length`, text.length);
      return { network: canonical(address), prefix };
    },
    print: ({ network, prefix }) => `${network}/${prefix}`,
  };
}

export const ipv4Route = route(32, (text) => ipv4Text(ipv4(text)));
export const ipv6Route = route(128, ipv6);

/** A VLAN's number; `none` (veth.vlan.id only) takes the port out of the bridge's own VLAN. */
export const vlanId: ValueType<number> = {
  name: 'NUMBER',
  valid: 'a VLAN number from 0 to 4094',
  parse(text) {
    const number = wholeNumber(text);
    if (number === undefined || number < 0 || number > 4094)
      throw new BadValue(`"${text}" is not a VLAN number`);
    return number;
  },
  print: String,
};

export const vlanIdOrNone: ValueType<number | 'none'> = {
  name: 'NUMBER|none',
  valid: `${vlanId.valid}, or none`,
  parse: (text, context) => (text === 'none' ? text : vlanId.parse(text, context)),
  // LXC's number for "none".
  print: (value) => (value === 'none' ? '-1' : String(value)),
};
