/**
 * Settings of the default bridge: `/etc/default/tslxc-net`, lines of `VARIABLE="value"` as in
 * lxc-net's file. The file is read, not run by a shell: a line that is no assignment is an error
 * with its line.
 */
import { readFileSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import { interfaceNameFault } from './interface-name.ts';
import { formatAddress, networkOf, overlaps, parseAddress, prefixOfNetmask } from './ip-address.ts';
import { macFault } from './mac-address.ts';

export const SETTINGS_FILE = '/etc/default/tslxc-net';

export interface BridgeSettings {
  /** False: tslxc makes no bridge; containers use those that the administrator made. */
  readonly enabled: boolean;
  readonly bridge: string;
  readonly mac: string;
  /** Undefined: the first free one of 10.0.4.1, 10.0.5.1 … */
  readonly address?: string | undefined;
  readonly prefix: number;
  /** First and last address to lease; undefined: all of the network but the bridge's. */
  readonly dhcpRange?: readonly [string, string] | undefined;
  readonly dhcpMax: number;
  /** More options for dnsmasq, in a file. */
  readonly dhcpConfigFile?: string | undefined;
  /** Whether dnsmasq pings an address before it leases it. */
  readonly dhcpPing: boolean;
  /** Containers are `NAME.domain`. Empty: the names alone. */
  readonly domain: string;
  readonly useNft: boolean;
  /** Name of the nftables table (and beginning of iptables chains): ours alone. */
  readonly table: string;
  readonly ipv6?: { readonly address: string; readonly prefix: number; readonly nat: boolean } | undefined;
}

/** Every variable, its default and what it means: the manual page is made from this. */
export const SETTING_VARIABLES = {
  USE_TSLXC_BRIDGE: { value: 'true', meaning: 'whether tslxc-net makes a bridge at all' },
  TSLXC_BRIDGE: { value: 'tslxcbr0', meaning: 'name of the bridge' },
  TSLXC_BRIDGE_MAC: { value: '10:66:6a:00:00:00', meaning: 'its Ethernet address' },
  TSLXC_ADDR: {
    value: '',
    meaning: 'its IPv4 address; empty: the first of 10.0.4.1, 10.0.5.1 … whose network is free',
  },
  TSLXC_NETMASK: { value: '255.255.255.0', meaning: 'netmask of TSLXC_ADDR' },
  TSLXC_NETWORK: { value: '', meaning: 'network of TSLXC_ADDR, checked against it; may be left empty' },
  TSLXC_DHCP_RANGE: { value: '', meaning: 'FIRST,LAST address to lease; empty: all but the own one' },
  TSLXC_DHCP_MAX: { value: '253', meaning: 'how many leases at most' },
  TSLXC_DHCP_CONFILE: { value: '', meaning: 'a file with more dnsmasq options' },
  TSLXC_DHCP_PING: { value: 'true', meaning: 'whether an address is pinged before it is leased' },
  TSLXC_DOMAIN: { value: 'tslxc', meaning: 'containers resolve as NAME.DOMAIN; empty: as NAME' },
  TSLXC_USE_NFT: { value: 'true', meaning: 'nftables where there is nft; false: iptables' },
  TSLXC_NFT_TABLE: { value: 'tslxc', meaning: 'nftables table (inet family) that is ours alone' },
  TSLXC_IPV6_ADDR: { value: '', meaning: 'IPv6 address of the bridge; empty: no IPv6' },
  TSLXC_IPV6_MASK: { value: '64', meaning: 'its prefix length' },
  TSLXC_IPV6_NETWORK: { value: '', meaning: 'its network, checked against it; may be left empty' },
  TSLXC_IPV6_NAT: { value: 'false', meaning: 'whether IPv6 is masqueraded' },
} as const;

type Variable = keyof typeof SETTING_VARIABLES;

interface Given {
  readonly value: string;
  readonly line: number | undefined;
}

function syntaxError(file: string, line: number, message: string): TslxcError {
  return new TslxcError({ code: 'CONFIG_SYNTAX', message, file, line });
}

function unquote(raw: string): string | undefined {
  const match = /^(?:"([^"$`\\]*)"|'([^']*)'|([^\s"'$`\\#;&|<>()]*))\s*(?:#.*)?$/.exec(raw);
  return match ? (match[1] ?? match[2] ?? match[3]) : undefined;
}

function assignments(file: string, content: string): Map<Variable, Given> {
  const given = new Map<Variable, Given>();
  content.split('\n').forEach((text, i) => {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const [, name, raw] = /^(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(trimmed) ?? [];
    const value = raw === undefined ? undefined : unquote(raw);
    if (name === undefined || value === undefined)
      throw syntaxError(file, i + 1, `"${trimmed}" is not of the form VARIABLE="value"`);
    if (!Object.hasOwn(SETTING_VARIABLES, name))
      throw new TslxcError({
        code: 'CONFIG_UNKNOWN_KEY',
        message: `there is no variable ${name}`,
        file,
        line: i + 1,
        hint: `the variables are ${Object.keys(SETTING_VARIABLES).join(', ')}`,
      });
    given.set(name as Variable, { value, line: i + 1 });
  });
  return given;
}

/** Makes settings of the file's text. */
export function parseBridgeSettings(content: string, file = SETTINGS_FILE): BridgeSettings {
  const given = assignments(file, content);
  const text = (name: Variable) => given.get(name)?.value ?? SETTING_VARIABLES[name].value;
  const check = <T>(name: Variable, value: T | undefined, message: string): T => {
    if (value !== undefined) return value;
    const line = given.get(name)?.line;
    throw new TslxcError({ code: 'CONFIG_VALUE', message: `${name}: ${message}`, file, line });
  };
  const flag = (name: Variable) =>
    check(name, { true: true, false: false }[text(name)], `"${text(name)}" is neither true nor false`);
  const number = (name: Variable, least: number, most: number) => {
    const value = /^\d+$/.test(text(name)) ? Number(text(name)) : -1;
    return check(
      name,
      value >= least && value <= most ? value : undefined,
      `not between ${least} and ${most}`,
    );
  };
  const address = (name: Variable, family: 4 | 6) => {
    const value = text(name);
    if (value === '') return undefined;
    return check(name, parseAddress(family, value) && value, `"${value}" is not an IPv${family} address`);
  };
  const none = (fault: string | undefined) => (fault === undefined ? true : undefined);
  /**
   * The network is only another way to say what address and mask say; a different one is a slip.
   */
  const checkNetwork = (name: Variable, family: 4 | 6, own: string | undefined, prefix: number) => {
    if (text(name) === '' || own === undefined) return;
    const expected = `${formatAddress(networkOf(parseAddress(family, own)!, prefix))}/${prefix}`;
    check(name, none(text(name) === expected ? undefined : ''), `the address is in ${expected}`);
  };

  const bridge = text('TSLXC_BRIDGE');
  check('TSLXC_BRIDGE', none(interfaceNameFault(bridge)), `"${bridge}" ${interfaceNameFault(bridge)}`);
  const mac = text('TSLXC_BRIDGE_MAC').toLowerCase();
  check(
    'TSLXC_BRIDGE_MAC',
    none(mac.includes('x') ? '' : macFault(mac)),
    `"${mac}" is not an Ethernet address`,
  );
  const own = address('TSLXC_ADDR', 4);
  const netmask = text('TSLXC_NETMASK');
  const prefix = check('TSLXC_NETMASK', prefixOfNetmask(netmask), `"${netmask}" is not a netmask`);
  check('TSLXC_NETMASK', prefix >= 8 && prefix <= 30 ? true : undefined, 'leaves no room for containers');
  checkNetwork('TSLXC_NETWORK', 4, own, prefix);
  const range = text('TSLXC_DHCP_RANGE') === '' ? undefined : text('TSLXC_DHCP_RANGE').split(',');
  if (range) {
    const sound = range.length === 2 && range.every((end) => parseAddress(4, end)) && own !== undefined;
    const inside = () =>
      range.every((end) => overlaps(parseAddress(4, end)!, 32, parseAddress(4, own!)!, prefix));
    check(
      'TSLXC_DHCP_RANGE',
      (sound && inside()) || undefined,
      'not FIRST,LAST of the network of TSLXC_ADDR',
    );
  }
  const domain = text('TSLXC_DOMAIN');
  check('TSLXC_DOMAIN', /^[a-z0-9.-]*$/i.test(domain) || undefined, `"${domain}" is not a domain name`);
  const table = text('TSLXC_NFT_TABLE');
  check('TSLXC_NFT_TABLE', /^[A-Za-z_]\w{0,15}$/.test(table) || undefined, `"${table}" is not a table name`);
  const v6 = address('TSLXC_IPV6_ADDR', 6);
  const v6Prefix = number('TSLXC_IPV6_MASK', 1, 127);
  checkNetwork('TSLXC_IPV6_NETWORK', 6, v6, v6Prefix);
  return {
    enabled: flag('USE_TSLXC_BRIDGE'),
    bridge,
    mac,
    address: own,
    prefix,
    dhcpRange: range as [string, string] | undefined,
    dhcpMax: number('TSLXC_DHCP_MAX', 1, 1_000_000),
    dhcpConfigFile: text('TSLXC_DHCP_CONFILE') || undefined,
    dhcpPing: flag('TSLXC_DHCP_PING'),
    domain,
    useNft: flag('TSLXC_USE_NFT'),
    table,
    ipv6: v6 === undefined ? undefined : { address: v6, prefix: v6Prefix, nat: flag('TSLXC_IPV6_NAT') },
  };
}

/** The settings of the host; the defaults where there is no file. */
export function readBridgeSettings(file = SETTINGS_FILE): BridgeSettings {
  let content = '';
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      throw new TslxcError({ code: 'CONFIG_READ', message, file, errno: code, cause: error });
  }
  return parseBridgeSettings(content, file);
}
